"""Every mailer behaves alike: SendGrid played by a small server, real mail and MCP servers, a folder."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path
from typing import Any

import pytest

from tests.contract.providers import mcp_tool
from tests.contract.providers.mail_relay import running_relay
from tests.contract.providers.vendor import Vendor, raw_reply
from worker.providers.email.mailbox import Mailbox
from worker.providers.email.mcp import McpMailer
from worker.providers.email.mcp_server import HttpServer, Patience, Program
from worker.providers.email.offline import OfflineMailer
from worker.providers.email.port import Address, Mail, Mailer
from worker.providers.email.sendgrid import SendGridMailer
from worker.providers.email.smtp import SmtpMailer, SmtpServer

UNSUBSCRIBE = "<https://app.example.org/unsubscribe?token=" + "a" * 120 + ">"
MESSAGE = Mail(
    row_id="8c1f",
    to=Address("anna@example.com", "Anna Ørsted, Ltd."),
    sender=Address("hello@lamina.example", "Lamina"),
    reply_to=Address("help@lamina.example"),
    subject="Übersicht für März – 80 % erreicht",
    text="Grüezi Anna,\n.\nEnde der Übersicht.\n" + "lang " * 400,
    html="<p>Grüezi <b>Anna</b></p>",
    headers={"List-Unsubscribe": UNSUBSCRIBE, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    categories=("limit",),
)


@dataclass(frozen=True)
class Arrived:
    to: tuple[str, str]
    sender: tuple[str, str]
    reply_to: str
    subject: str
    text: str
    html: str | None
    unsubscribe: str


@dataclass
class Bench:
    """A mailer under test and what the other side got, oldest first."""

    mailer: Mailer
    arrived: Callable[[], list[Arrived]]
    offline: bool = False


@pytest.fixture(params=["sendgrid", "smtp", "mcp over http", "mcp program", "offline"])
async def bench(request: pytest.FixtureRequest, vendor: Vendor, tmp_path: Path) -> AsyncIterator[Bench]:
    async with AsyncExitStack() as stack:
        made = await _BENCHES[request.param](stack, vendor, tmp_path)
        yield made
        await made.mailer.close()


async def _sendgrid(stack: AsyncExitStack, vendor: Vendor, folder: Path) -> Bench:
    vendor.replies = [raw_reply(b"", 202, {"X-Message-Id": "14c5d75ce93"})]
    return Bench(
        SendGridMailer("SG.key", base_url=vendor.url),
        lambda: [_of_sendgrid(ask.body) for ask in vendor.asked],
    )


async def _smtp(stack: AsyncExitStack, vendor: Vendor, folder: Path) -> Bench:
    relay = await stack.enter_async_context(running_relay())
    mailer = SmtpMailer(SmtpServer("127.0.0.1", relay.port, "none"))
    return Bench(mailer, lambda: [_of_message(taken.message) for taken in relay.taken])


async def _mcp_http(stack: AsyncExitStack, vendor: Vendor, folder: Path) -> Bench:
    tool = await stack.enter_async_context(mcp_tool.running_http_tool())
    mailer = McpMailer(
        HttpServer(tool.url), tool="send_mail", template=mcp_tool.TEMPLATE, patience=Patience()
    )
    return Bench(mailer, lambda: [_of_tool(call) for call in tool.calls])


async def _mcp_program(stack: AsyncExitStack, vendor: Vendor, folder: Path) -> Bench:
    log = folder / "calls"
    log.touch()
    program = Program(sys.executable, (str(Path(mcp_tool.__file__)),), {"MAIL_LOG": str(log)})
    mailer = McpMailer(program, tool="send_mail", template=mcp_tool.TEMPLATE, patience=Patience())
    return Bench(mailer, lambda: [_of_tool(json.loads(line)) for line in log.read_text().splitlines()])


async def _offline(stack: AsyncExitStack, vendor: Vendor, folder: Path) -> Bench:
    mailbox = Mailbox(folder / "mailbox")

    def arrived() -> list[Arrived]:
        return [
            Arrived(
                parseaddr(letter.to),
                parseaddr(letter.sender),
                dict(letter.headers).get("Reply-To", ""),
                letter.subject,
                letter.text,
                letter.html,
                dict(letter.headers).get("List-Unsubscribe", ""),
            )
            for letter in reversed(mailbox.newest())
        ]

    return Bench(OfflineMailer(folder / "mailbox"), arrived, offline=True)


_BENCHES = {
    "sendgrid": _sendgrid,
    "smtp": _smtp,
    "mcp over http": _mcp_http,
    "mcp program": _mcp_program,
    "offline": _offline,
}


def _of_message(message: EmailMessage) -> Arrived:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    return Arrived(
        parseaddr(str(message["To"])),
        parseaddr(str(message["From"])),
        str(message["Reply-To"] or ""),
        str(message["Subject"]),
        str(text.get_content()),
        str(html.get_content()) if html else None,
        str(message["List-Unsubscribe"] or ""),
    )


def _of_sendgrid(body: Any) -> Arrived:
    envelope = body["personalizations"][0]
    contents = {part["type"]: part["value"] for part in body["content"]}
    return Arrived(
        _person(envelope["to"][0]),
        _person(body["from"]),
        body.get("reply_to", {}).get("email", ""),
        body["subject"],
        contents["text/plain"],
        contents.get("text/html"),
        envelope.get("headers", {}).get("List-Unsubscribe", ""),
    )


def _of_tool(call: Any) -> Arrived:
    return Arrived(
        _person(call["to"][0]),
        parseaddr(call["sender"]),
        call["reply_to"] or "",
        call["subject"],
        call["body"]["text"],
        call["body"].get("html"),
        call["headers"].get("List-Unsubscribe", ""),
    )


def _person(fields: Any) -> tuple[str, str]:
    return fields.get("name", ""), fields["email"]


def written(number: int, **changes: Any) -> Mail:
    whole = {"row_id": str(number), "to": MESSAGE.to, "sender": MESSAGE.sender, "subject": f"Nr. {number}"}
    return Mail(**{**whole, "text": "Hello", **changes})


async def test_a_message_arrives_as_it_was_written(bench: Bench) -> None:
    await bench.mailer.start()
    sent = await bench.mailer.send(MESSAGE, idempotency_key="k1")
    assert sent.state in ("queued", "sent")
    (arrived,) = bench.arrived()
    assert arrived.to == ("Anna Ørsted, Ltd.", "anna@example.com")
    assert arrived.sender == ("Lamina", "hello@lamina.example")
    assert arrived.reply_to == "help@lamina.example"
    assert arrived.subject == MESSAGE.subject
    assert arrived.text.replace("\r\n", "\n").strip() == MESSAGE.text.strip()
    assert (arrived.html or "").strip() == MESSAGE.html
    assert arrived.unsubscribe == UNSUBSCRIBE


async def test_a_plain_message_has_no_other_parts(bench: Bench) -> None:
    await bench.mailer.send(written(1), idempotency_key="k1")
    (arrived,) = bench.arrived()
    assert (arrived.html, arrived.reply_to, arrived.unsubscribe) == (None, "", "")


async def test_no_value_becomes_a_header(bench: Bench) -> None:
    message = written(
        1,
        subject="Hello\r\nBcc: all@example.com\n\nbody",
        to=Address("anna@example.com", "Anna\r\nBcc: all@example.com"),
    )
    await bench.mailer.send(message, idempotency_key="k\r\nBcc: all@example.com")
    (arrived,) = bench.arrived()
    assert arrived.subject == "Hello Bcc: all@example.com body"
    assert arrived.to == ("Anna Bcc: all@example.com", "anna@example.com")


async def test_messages_sent_at_once_all_arrive(bench: Bench) -> None:
    await asyncio.gather(
        *(bench.mailer.send(written(number), idempotency_key=f"k{number}") for number in range(4))
    )
    assert sorted(arrived.subject for arrived in bench.arrived()) == [f"Nr. {number}" for number in range(4)]


async def test_who_is_offline_says_so(bench: Bench) -> None:
    assert bench.mailer.offline is bench.offline
    assert bench.mailer.name == "offline" or not bench.offline
