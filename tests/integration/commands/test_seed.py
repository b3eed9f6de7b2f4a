"""Where ``lamina seed`` refuses to plant."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app

HOSTED = {"SUPABASE_URL": "https://x.supabase.co", "SUPABASE_PUBLISHABLE_KEY": "sb_publishable_x"}


@pytest.fixture(autouse=True)
def nothing_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAMINA_STATE_DIR", str(tmp_path))


def seed(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["seed", *arguments], env=environment)


@pytest.mark.parametrize(
    ("arguments", "environment", "says"),
    [
        ((), {}, "lamina up"),
        ((), {"SUPABASE_URL": "https://x.supabase.co"}, "SUPABASE_PUBLISHABLE_KEY"),
        ((), HOSTED, "--yes-this-is-not-local"),
        (("--yes-this-is-not-local",), HOSTED, "--password"),
        ((), {**HOSTED, "SUPABASE_URL": "http://127.0.0.1.evil.test"}, "--yes-this-is-not-local"),
    ],
)
def test_it_refuses_in_one_line(arguments: tuple[str, ...], environment: dict[str, str], says: str) -> None:
    done = seed(*arguments, **environment)
    assert done.exit_code == 1
    assert says in done.stderr
    assert done.stderr.strip().count("\n") == 0


def test_a_platform_that_does_not_answer_is_one_line(free_port: int) -> None:
    done = seed(SUPABASE_URL=f"http://127.0.0.1:{free_port}", SUPABASE_PUBLISHABLE_KEY="sb_publishable_x")
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit), done.exception
    assert done.stderr.strip().count("\n") == 0
