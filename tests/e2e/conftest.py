"""One local platform with a worker for all end-to-end tests, in a state folder of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from scripts.stack.settings import StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, start_detached, stop_running
from tests.support.clusters import PROJECT, state_folder

RunJs = Callable[[str], None]
OFFLINE = {
    "LAMINA_CRM_PROVIDER": "offline",
    "LAMINA_SOCIAL_PROVIDER": "offline",
    "LAMINA_SOCIAL_FIGURES": str(PROJECT / "tests" / "e2e" / "social_figures.json"),
}
"""No test asks GitHub, Mailchimp, or any other."""


@pytest.fixture(scope="session")
def settings() -> Iterator[StackSettings]:
    """A state folder that is nobody else's; processes started from here inherit it."""
    with state_folder() as folder:
        os.environ["LAMINA_STATE_DIR"] = str(folder)
        os.environ |= OFFLINE
        try:
            yield StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=folder)
        finally:
            for variable in ("LAMINA_STATE_DIR", *OFFLINE):
                del os.environ[variable]


@pytest.fixture(scope="session")
def stack(settings: StackSettings) -> Iterator[State]:
    """The running platform."""
    state = start_detached(settings)
    try:
        yield state
    finally:
        stop_running(settings)
        delete_everything(settings)


@pytest.fixture(scope="session")
def run_js(stack: State) -> RunJs:
    """Runs one file of tests under Node's own test runner, with the platform's address and public key."""
    environment = {
        **os.environ,
        "SUPABASE_URL": stack.url,
        "SUPABASE_PUBLISHABLE_KEY": stack.publishable_key,
        "SUPABASE_SECRET_KEY": stack.secret_key,
        "NODE_NO_WARNINGS": "1",
    }

    def run(name: str) -> None:
        done = subprocess.run(
            [
                "node",
                "--test",
                "--test-force-exit",
                "--test-reporter=spec",
                str(PROJECT / "tests" / "e2e" / "js" / name),
            ],
            env=environment,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
        assert "tests 0" not in done.stdout

    return run
