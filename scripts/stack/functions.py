"""The project's edge functions, served by one Deno process."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

from deno import find_deno_bin  # type: ignore[import-untyped]  # ships no types
from dotenv import dotenv_values

SERVER = Path(__file__).with_name("functions_server.ts")
KEY_ID = "local"
PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG")


def functions_command(
    project: Path, port: int, environment: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Arguments and environment of the process that serves ``/functions/v1/<name>`` on this loopback port.

    ``environment`` is the platform's: SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY and
    SUPABASE_JWT_SECRET. A function sees what Supabase would give it, and the developer's own
    ``supabase/functions/.env``; nothing else of this machine's environment. A changed file is served at once.
    """
    folder = project / "supabase" / "functions"
    readable = f"{folder},{project / 'node_modules'}"
    command = [deno_program(), "run", "--quiet", "--no-prompt", "--no-remote", "--no-check"]
    command += ["--unstable-no-legacy-abort", f"--watch={folder}", "--no-clear-screen"]
    command += ["--config", str(project / "deno.json"), f"--allow-read={readable}", "--allow-env"]
    command += ["--allow-net", str(SERVER), str(folder), str(port)]
    secrets = {name: value for name, value in dotenv_values(folder / ".env").items() if value is not None}
    return command, deno_environment(project) | secrets | _as_supabase_gives(environment)


def deno_program() -> str:
    """Path of the Deno that pip installed. Raises FileNotFoundError."""
    return str(find_deno_bin())


def deno_environment(project: Path) -> dict[str, str]:
    """For any run of Deno in this project: its cache stays inside, and it asks the network for nothing."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return passed | {
        "DENO_DIR": str(project / ".lamina" / "deno"),
        "DENO_NO_UPDATE_CHECK": "1",
        "NO_COLOR": "1",
    }


def _as_supabase_gives(environment: dict[str, str]) -> dict[str, str]:
    """The names that ``@supabase/server`` reads: keys by name, and the key that signs sessions as a JWKS."""
    given = {name: value for name, value in environment.items() if name != "SUPABASE_JWT_SECRET"}
    for kind in ("PUBLISHABLE", "SECRET"):
        if key := environment.get(f"SUPABASE_{kind}_KEY"):
            given[f"SUPABASE_{kind}_KEYS"] = json.dumps({"default": key})
    if secret := environment.get("SUPABASE_JWT_SECRET"):
        encoded = base64.urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
        key_set = {"keys": [{"kty": "oct", "alg": "HS256", "kid": KEY_ID, "k": encoded}]}
        given["SUPABASE_JWKS"] = json.dumps(key_set)
    return given
