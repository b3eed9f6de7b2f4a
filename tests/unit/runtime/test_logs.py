"""What the worker says, and never says."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from worker.logs import HIDDEN, configure, hider, without_query

SECRET = "sk-of-the-test"


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_one_json_object_per_event(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    with structlog.contextvars.bound_contextvars(job_id=7):
        structlog.get_logger("test").info("job.ended", kind="test.work")
    (line,) = lines(capsys)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "job.ended", "kind": "test.work", "job_id": 7, "level": "info"}


def test_libraries_join_in_from_warning_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure("json")
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("connection %s", "lost")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("connection lost", "warning", "library")


@pytest.mark.parametrize("format", ["json", "console"])
def test_no_secret_is_shown(format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure("json" if format == "json" else "console", secrets=[SECRET])
    log = structlog.get_logger("test")
    try:
        raise ValueError(f"the vendor says: wrong key {SECRET}")
    except ValueError:
        log.exception("job.crashed", header={"authorization": [f"Bearer {SECRET}"]})
    logging.getLogger("library").error("refused: %s", SECRET)
    said = capsys.readouterr().err
    assert SECRET not in said
    assert said.count(HIDDEN) == 3
    assert "ValueError" in said


def test_longer_secrets_are_hidden_first_and_short_ones_left_alone() -> None:
    hide = hider(["secret-1", "secret-1-and-more", "a"])
    assert hide(("secret-1-and-more", {"a": "secret-1"}, 5)) == [HIDDEN, {"a": HIDDEN}, 5]


def test_a_trail_for_sentry_has_no_query() -> None:
    """Google Analytics takes a tenant's key there."""
    data = {"url": "https://a.example/mp", "method": "POST", "http.query": f"api_secret={SECRET}"}
    assert without_query({"category": "httplib", "data": data}) == {
        "category": "httplib",
        "data": {"url": "https://a.example/mp", "method": "POST"},
    }
    assert without_query({"message": "no data"}) == {"message": "no data", "data": {}}


def test_sentry_is_given_no_query(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    monkeypatch.setattr("worker.logs.sentry_sdk.init", lambda **named: given.update(named))
    configure("json", sentry_dsn="https://key@sentry.example/1")
    assert given["before_breadcrumb"]({"data": {"http.query": SECRET}}, {}) == {"data": {}}
