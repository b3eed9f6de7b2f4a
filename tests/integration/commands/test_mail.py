"""``lamina mail`` as a developer types it, on a mailbox that the offline mailer filled."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from scripts.cli import app
from scripts.commands.mail import OFFLINE
from tests.support.database import Database
from worker.providers.email.offline import OfflineMailer
from worker.providers.email.port import Address, Mail

SENDER = Address("lamina@localhost", "Lamina")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three messages, each to someone else."""

    async def fill() -> None:
        mailer = OfflineMailer(tmp_path / "mailbox")
        for number, name in enumerate(("ada", "bob", "zoë")):
            to = Address(f"{name if name.isascii() else 'zoe'}@example.test", name)
            text = f"Hello [bold]{name}[/bold], this is message {number}."
            message = Mail(str(number), to, SENDER, f"Message [{number}]", text, html=f"<p>{text}</p>")
            await mailer.send(message, idempotency_key=str(number))

    asyncio.run(fill())
    return tmp_path / "mailbox"


def lamina(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["mail", *arguments, "--folder", str(folder)])


def read(folder: Path, *arguments: str) -> Any:
    done = lamina(folder, *arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_list_shows_newest_first_filters_and_says_that_it_is_offline(folder: Path) -> None:
    found = read(folder, "list")
    assert found["offline"] is True
    assert [mail["subject"] for mail in found["mails"]] == ["Message [2]", "Message [1]", "Message [0]"]
    assert [mail["subject"] for mail in read(folder, "list", "--to", "BOB")["mails"]] == ["Message [1]"]
    assert len(read(folder, "list", "-n", "2")["mails"]) == 2
    shown = lamina(folder, "list").stdout
    assert OFFLINE in shown
    assert "Message [1]" in shown
    assert "zoe@example.test" in shown


def test_show_gives_the_message_as_it_is_read(folder: Path) -> None:
    (bob,) = read(folder, "list", "--to", "bob")["mails"]
    shown = lamina(folder, "show", bob["id"][:10]).stdout
    assert OFFLINE in shown
    assert "Hello [bold]bob[/bold], this is message 1." in shown
    whole = read(folder, "show", bob["id"])
    assert (whole["offline"], whole["to"]) == (True, "bob <bob@example.test>")
    assert "<p>" in whole["html"]
    assert ["Subject", "Message [1]"] in whole["headers"]


@pytest.mark.parametrize("identifier", ["nothing", "../../secret", "*"])
def test_show_says_when_there_is_none(folder: Path, identifier: str) -> None:
    done = lamina(folder, "show", identifier)
    assert done.exit_code == 1
    assert "lamina mail list" in done.output


def suppressed(db: Database, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["mail", *arguments, "--db-url", db.dsn("postgres")])


def test_a_suppressed_address_is_listed_and_lifted_once(db: Database) -> None:
    assert "No address" in suppressed(db, "suppressions").stdout
    for email, reason in (("dead@example.test", "bounced"), ("ada@example.test", "complained")):
        db.admin.execute("select app.suppress(%s, %s)", (email, reason))
    rows = json.loads(suppressed(db, "suppressions", "--json").stdout)
    assert {(row["email"], row["reason"]) for row in rows} == {
        ("dead@example.test", "bounced"), ("ada@example.test", "complained"),
    }  # fmt: skip
    assert rows[0]["since"].startswith("20")
    lifted = suppressed(db, "unsuppress", " Ada@Example.test", "--json")
    assert (lifted.exit_code, json.loads(lifted.stdout)["reason"]) == (0, "complained")
    shown = suppressed(db, "suppressions").stdout
    assert "dead@example.test" in shown
    assert "ada@example.test" not in shown
    again = suppressed(db, "unsuppress", "ada@example.test")
    assert again.exit_code == 1
    assert "not suppressed" in again.output
    assert "gets e-mail again" in suppressed(db, "unsuppress", "dead@example.test").stdout
    assert db.value("select count(*) from public.audit_log where action = 'suppression.lifted'") == 2


def test_an_empty_mailbox_is_no_fault(tmp_path: Path) -> None:
    done = lamina(tmp_path / "none", "list")
    assert (done.exit_code, "No mail." in done.stdout) == (0, True)
    assert read(tmp_path / "none", "list") == {"offline": True, "mails": []}
