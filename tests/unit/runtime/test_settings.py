"""Settings are checked at start, and a wrong one is said in a line that shows no value."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.__main__ import main
from worker.settings import DEFAULT_LANES, WorkerSettings

NEEDED = {
    "LAMINA_DB_URL": "postgresql://lamina_worker:pass%40word@127.0.0.1:5432/postgres",
    "SUPABASE_URL": "http://127.0.0.1:54321",
    "SUPABASE_SECRET_KEY": "sb_secret_of_the_test",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of this machine, and no ``.env``."""
    monkeypatch.chdir(tmp_path)
    for name in (field.upper() for field in WorkerSettings.model_fields):
        monkeypatch.delenv(name, raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)


def test_defaults() -> None:
    settings = WorkerSettings()
    assert settings.lamina_lanes == DEFAULT_LANES
    assert settings.lamina_health_port == 0
    assert settings.listen_url == NEEDED["LAMINA_DB_URL"]


def test_behind_a_transaction_pooler_it_polls_unless_there_is_another_door(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAMINA_DB_POOLED", "true")
    assert WorkerSettings().listen_url is None
    monkeypatch.setenv("LAMINA_DB_LISTEN_URL", "postgresql://direct.example/postgres")
    assert WorkerSettings().listen_url == "postgresql://direct.example/postgres"


def test_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAMINA_LANES", "bulk = 3, ingest=0")
    assert WorkerSettings().lamina_lanes == {"bulk": 3, "ingest": 0}


def test_secrets_are_all_that_must_not_be_shown() -> None:
    settings = WorkerSettings()
    hidden = {NEEDED["LAMINA_DB_URL"], NEEDED["SUPABASE_SECRET_KEY"], "pass%40word", "pass@word"}
    assert hidden <= {*settings.secrets}
    assert not [secret for secret in hidden if secret in repr(settings)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LAMINA_LANES", "bulk"),
        ("LAMINA_LANES", "bulk=hidden7"),
        ("LAMINA_LANES", "bulk=-1"),
        ("LAMINA_LANES", "hidden7=1"),
        ("LAMINA_LANES", "bulk=0"),
        ("LAMINA_LEASE_SECONDS", "0"),
        ("LAMINA_HEALTH_PORT", "70000"),
        ("LAMINA_LOG_FORMAT", "hidden7"),
        ("LAMINA_DB_URL", "hidden7"),
        ("LAMINA_DB_URL", "postgresql://user:hidden7@host:port/database"),
        ("LAMINA_DB_LISTEN_URL", "mysql://user:hidden7@host/database"),
        ("SENTRY_DSN", "hidden7"),
    ],
)
def test_a_wrong_setting_is_one_line_with_its_name(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, value)
    assert main() == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(name)
    assert "\n" not in said
    if "URL" in name:
        assert "hidden7" not in said


def test_missing_settings_are_named_one_by_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in NEEDED:
        monkeypatch.delenv(name)
    assert main() == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert [line.partition(":")[0] for line in lines] == list(NEEDED)
