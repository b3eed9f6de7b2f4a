"""``@supabase/lite``: the doors /rest/v1, /auth/v1 and /storage/v1 of the local platform."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from scripts.stack.processes import Part
from scripts.stack.settings import PROJECT

PROGRAM = PROJECT / "node_modules" / "@supabase" / "lite" / "dist" / "cli" / "index.js"
PRELOAD = Path(__file__).with_name("lite_preload.mjs")
LOGIN = "lamina_lite"
SWITCHES = {
    "EXPERIMENTAL_STORAGE": "1",
    "LITE_TELEMETRY": "0",
    "DO_NOT_TRACK": "1",
    "NODE_NO_WARNINGS": "1",
}

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
file_size_limit = "200MiB"
"""


@dataclass(frozen=True, slots=True)
class Keys:
    """What clients and servers of one local platform prove themselves with."""

    publishable: str
    secret: str
    jwt_secret: str


def lite_part(folder: Path, *, dsn: str, port: int, keys: Keys, site_url: str) -> Part:
    """Its process; configuration and uploaded files are kept in ``folder``. Raises FileNotFoundError."""
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        raise FileNotFoundError("Node or its packages are not installed; run: make setup")
    config = _write_config(folder, dsn=dsn, port=port, keys=keys, site_url=site_url)
    passed = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [node, "--import", str(PRELOAD), str(PROGRAM), "--no-telemetry", "start"]
    command += ["--config", str(config), "--no-admin"]
    # Its first query sets the database up, which must happen once and not in many first requests at a time.
    url = f"http://127.0.0.1:{port}/rest/v1/roles?select=role&limit=1"
    return Part("lite", command, passed | SWITCHES, folder, url, {"apikey": keys.publishable})


def _write_config(folder: Path, *, dsn: str, port: int, keys: Keys, site_url: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.toml"
    path.touch(mode=0o600)
    values = {"url": _url(dsn), "jwt_secret": keys.jwt_secret, "publishable_key": keys.publishable}
    values |= {"secret_key": keys.secret, "site_url": site_url}
    quoted = {name: json.dumps(value) for name, value in values.items()}
    path.write_text(_CONFIG.format(port=port, **quoted), encoding="utf-8")
    return path


def _url(dsn: str) -> str:
    parts = conninfo_to_dict(dsn)
    credentials = f"{parts['user']}:{parts['password']}" if parts.get("password") else str(parts["user"])
    return f"postgresql://{credentials}@{parts['host']}:{parts['port']}/{parts['dbname']}"
