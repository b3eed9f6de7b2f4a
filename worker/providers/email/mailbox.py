"""Reads the folder the offline mailer delivers into."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

SUFFIX = ".eml"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message of the mailbox; ``id`` is a word of letters and digits."""

    id: str
    at: datetime
    to: str
    sender: str
    subject: str
    text: str
    html: str | None
    headers: tuple[tuple[str, str], ...]


class Mailbox:
    """A folder that need not exist yet: then there is no mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self, *, to: str | None = None, limit: int = 50) -> list[Letter]:
        """The newest messages first; ``to`` is a part of the recipient, upper or lower case alike."""
        found: list[Letter] = []
        for path in self._newest_first():
            letter = _read(path)
            if letter is not None and (to is None or to.casefold() in letter.to.casefold()):
                found.append(letter)
            if len(found) >= limit:
                break
        return found

    def show(self, identifier: str) -> Letter | None:
        """The message whose id begins so; None when there is none, or more than one."""
        if not identifier.isalnum():
            return None
        matching = [path for path in self._newest_first() if path.stem.startswith(identifier)]
        return _read(matching[0]) if len(matching) == 1 else None

    def _newest_first(self) -> Iterator[Path]:
        """A file may disappear while it is looked at."""
        dated: list[tuple[int, Path]] = []
        for path in self._folder.glob(f"[!.]*{SUFFIX}"):
            try:
                dated.append((path.stat().st_mtime_ns, path))
            except FileNotFoundError:
                continue
        return (path for _, path in sorted(dated, reverse=True))


def _read(path: Path) -> Letter | None:
    try:
        content, seconds = path.read_bytes(), path.stat().st_mtime
    except FileNotFoundError:
        return None
    message = message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return Letter(
        id=path.stem,
        at=datetime.fromtimestamp(seconds, UTC),
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        text=_part(message, "plain") or "",
        html=_part(message, "html"),
        headers=tuple((name, str(value)) for name, value in message.items()),
    )


def _part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body(preferencelist=(kind,))
    return str(part.get_content()) if part is not None else None
