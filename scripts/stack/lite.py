"""``@supabase/lite``: the doors /rest/v1, /auth/v1 and /storage/v1 of the local platform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

PROJECT = Path(__file__).parents[2]
PROGRAM = PROJECT / "node_modules" / "@supabase" / "lite" / "dist" / "cli" / "index.js"
LOGIN = "lamina_lite"
START_SECONDS = 30.0

_CONFIG = """[api]
port = {port}
schemas = ["public"]

[db]
driver = "postgres"
url = {url}

[auth]
enabled = true
enable_signup = true
jwt_secret = {jwt_secret}
jwt_expiry = 3600
publishable_key = {publishable_key}
secret_key = {secret_key}
site_url = {site_url}

[auth.email]
enable_confirmations = false

[storage]
enabled = true
file_size_limit = "50MiB"
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """What clients and servers of one local platform prove themselves with."""

    publishable: str
    secret: str
    jwt_secret: str


def write_config(folder: Path, *, dsn: str, port: int, keys: Keys, site_url: str) -> Path:
    """Writes ``config.toml``, readable by the owner only; uploaded files go to ``folder``/.temp/storage."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.touch(mode=0o600)
    values = {"url": _url(dsn), "jwt_secret": keys.jwt_secret, "publishable_key": keys.publishable}
    values |= {"secret_key": keys.secret, "site_url": site_url}
    quoted = {name: json.dumps(value) for name, value in values.items()}
    path.write_text(_CONFIG.format(port=port, **quoted), encoding="utf-8")
    return path


def lite_command(config: Path) -> tuple[list[str], dict[str, str]]:
    """Program with arguments, and its environment, to be run in the folder of ``config``."""
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        raise FileNotFoundError("Node or its packages are not installed; run: make setup")
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    switches = {
        "EXPERIMENTAL_STORAGE": "1",
        "LITE_TELEMETRY": "0",
        "DO_NOT_TRACK": "1",
        "NODE_NO_WARNINGS": "1",
    }
    arguments = ["--no-telemetry", "start", "--config", str(config), "--no-admin"]
    return [node, str(PROGRAM), *arguments], passed | switches


def wait_until_ready(port: int, publishable_key: str, process: subprocess.Popen[bytes]) -> bool:
    """True when the auth door answers; False when the process ended or time is up."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/auth/v1/settings", headers={"apikey": publishable_key}
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(request, timeout=2):  # noqa: S310
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            time.sleep(0.05)
    return False


def _url(dsn: str) -> str:
    parts = conninfo_to_dict(dsn)
    credentials = f"{parts['user']}:{parts['password']}" if parts.get("password") else str(parts["user"])
    return f"postgresql://{credentials}@{parts['host']}:{parts['port']}/{parts['dbname']}"
