from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import ConfigurationError
from worker.providers.email.mailbox import Mailbox
from worker.providers.email.offline import OfflineMailer
from worker.providers.email.port import Address, Mail

US = Address("hello@lamina.example", "Lamina")


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def written(subject: str, to: str = "anna@example.com") -> Mail:
    return Mail("1", Address(to), US, subject, f"Text of {subject}", html=f"<p>{subject}</p>")


async def test_the_newest_comes_first(tmp_path: Path) -> None:
    mailer, mailbox = OfflineMailer(tmp_path / "mail"), Mailbox(tmp_path / "mail")
    assert mailbox.newest() == []
    for subject in ("one", "two", "three"):
        await mailer.send(written(subject, f"{subject}@example.com"), idempotency_key=subject)
    assert [letter.subject for letter in mailbox.newest()] == ["three", "two", "one"]
    assert [letter.subject for letter in mailbox.newest(limit=2)] == ["three", "two"]
    assert [letter.subject for letter in mailbox.newest(to="ONE@")] == ["one"]


async def test_the_same_key_is_the_same_message(tmp_path: Path) -> None:
    mailer, mailbox = OfflineMailer(tmp_path), Mailbox(tmp_path)
    first = await mailer.send(written("one"), idempotency_key="k1")
    before = mailbox.newest()
    assert await mailer.send(written("one, again"), idempotency_key="k1") == first
    assert mailbox.newest() == before
    assert [path.suffix for path in files(tmp_path)] == [".eml"]


async def test_a_message_is_shown_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    mailer, mailbox = OfflineMailer(tmp_path), Mailbox(tmp_path)
    await mailer.send(written("Über alles"), idempotency_key="k1")
    (listed,) = mailbox.newest()
    shown = mailbox.show(listed.id[:6])
    assert shown == listed
    assert shown is not None
    assert (shown.to, shown.sender) == ("anna@example.com", "Lamina <hello@lamina.example>")
    assert (shown.text.strip(), (shown.html or "").strip()) == ("Text of Über alles", "<p>Über alles</p>")
    assert ("Message-ID", f"<{listed.id}@lamina.example>") in shown.headers


async def test_an_id_that_means_no_message_or_several(tmp_path: Path) -> None:
    (tmp_path / "secret.eml").write_text("Subject: theirs\n\nx")
    folder = tmp_path / "mail"
    folder.mkdir()
    for name in ("abc1.eml", "abc2.eml", ".abc3.eml"):
        (folder / name).write_text("Subject: x\n\nx")
    mailbox = Mailbox(folder)
    assert mailbox.show("abc1") is not None
    for identifier in ("abc", "abd", "", "../secret", "*", "abc1.eml"):
        assert mailbox.show(identifier) is None


def test_a_file_that_is_hardly_a_message_is_shown_as_far_as_it_goes(tmp_path: Path) -> None:
    (tmp_path / "a1.eml").write_bytes(b"\xff\xfe no header\n\x00")
    (letter,) = Mailbox(tmp_path).newest()
    assert (letter.id, letter.subject, letter.html) == ("a1", "", None)


async def test_a_folder_that_cannot_be_made_is_said_at_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="LAMINA_MAILBOX_DIR") as caught:
        await OfflineMailer(tmp_path / "file" / "mail").start()
    assert caught.value.code == "config.mailbox_unavailable"
