"""What an MCP server and its tool can do to a message."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.contract.providers import mcp_tool
from tests.contract.providers.test_mailers import MESSAGE, written
from worker.errors import (
    ConfigurationError,
    DeliveryUnknown,
    LaminaError,
    ProviderAuthError,
    ProviderRateLimited,
    ProviderRejected,
    ProviderUnavailable,
)
from worker.providers.email.mcp import McpMailer
from worker.providers.email.mcp_server import HttpServer, Patience, Program
from worker.providers.email.port import Sent

PATIENCE = Patience(request=10)


@pytest.fixture
async def tool() -> AsyncIterator[mcp_tool.HttpTool]:
    async with mcp_tool.running_http_tool() as running:
        yield running


@dataclass
class Bench:
    """The tool reached over HTTP or as a program."""

    server: HttpServer | Program
    calls: Callable[[], int]

    def mailer(self, **changes: Any) -> McpMailer:
        settings: dict[str, Any] = {
            "tool": "send_mail",
            "template": mcp_tool.TEMPLATE,
            "patience": PATIENCE,
            **changes,
        }
        return McpMailer(self.server, **settings)


@pytest.fixture(params=["http", "program"])
async def bench(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    if request.param == "http":
        async with mcp_tool.running_http_tool() as running:
            yield Bench(HttpServer(running.url), lambda: len(running.calls))
        return
    log = tmp_path / "calls"
    log.touch()
    program = Program(sys.executable, (str(Path(mcp_tool.__file__)),), {"MAIL_LOG": str(log)})
    yield Bench(program, lambda: len(log.read_text().splitlines()))


def over(tool: mcp_tool.HttpTool, token: str | None = None, **changes: Any) -> McpMailer:
    return Bench(HttpServer(tool.url, token), lambda: len(tool.calls)).mailer(**changes)


async def test_a_missing_tool_is_named_with_those_there_are(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await bench.mailer(tool="send_email").start()
    assert caught.value.code == "config.mcp_tool"
    assert "'send_email'" in caught.value.message
    assert "read_mail, send_mail" in caught.value.message


async def test_unmapped_arguments_are_named(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        await bench.mailer(template={"to": "{to}", "subject": "{subject}"}).start()
    assert caught.value.code == "config.mcp_arguments"
    assert "body, sender" in caught.value.message


async def test_a_wrong_setting_is_said_at_sending_too(bench: Bench) -> None:
    with pytest.raises(ConfigurationError):
        await bench.mailer(tool="send_email").send(MESSAGE, idempotency_key="k1")
    assert bench.calls() == 0


async def test_the_template_carries_id_and_key(tool: mcp_tool.HttpTool) -> None:
    assert await over(tool).send(MESSAGE, idempotency_key="k1") == Sent(None, "sent")
    assert tool.calls[0]["reference"] == "8c1f/k1"


async def test_an_error_of_the_tool_is_a_refusal(bench: Bench) -> None:
    with pytest.raises(ProviderRejected) as caught:
        await bench.mailer().send(written(1, subject="tool: refuse"), idempotency_key="k1")
    assert caught.value.code == "email.tool_refused"
    assert "The recipient is suppressed." in caught.value.message


async def test_a_wrong_type_is_a_refusal_too(bench: Bench) -> None:
    template = {**mcp_tool.TEMPLATE, "to": "{to}"}
    with pytest.raises(ProviderRejected):
        await bench.mailer(template=template).send(MESSAGE, idempotency_key="k1")
    assert bench.calls() == 0


async def test_an_error_of_the_protocol_is_worth_another_try(bench: Bench) -> None:
    with pytest.raises(ProviderUnavailable) as caught:
        await bench.mailer().send(written(1, subject="tool: fault"), idempotency_key="k1")
    assert caught.value.code == "email.tool_failed"
    assert "database is locked" in caught.value.message


async def test_a_tool_that_does_not_answer_may_have_sent_it(tool: mcp_tool.HttpTool) -> None:
    mailer = over(tool, patience=Patience(request=2))
    with pytest.raises(DeliveryUnknown) as caught:
        await mailer.send(written(1, subject="tool: silence"), idempotency_key="k1")
    assert caught.value.provider == "mcp"
    assert len(tool.calls) == 1


async def test_a_program_that_dies_may_have_sent_it(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    program = Program(sys.executable, (str(Path(mcp_tool.__file__)),), {"MAIL_LOG": str(log)})
    mailer = McpMailer(program, tool="send_mail", template=mcp_tool.TEMPLATE, patience=PATIENCE)
    with pytest.raises(DeliveryUnknown):
        await mailer.send(written(1, subject="tool: die"), idempotency_key="k1")
    await mailer.send(written(2), idempotency_key="k2")
    assert len(log.read_text().splitlines()) == 2


@pytest.mark.parametrize(
    ("program", "kind", "code"),
    [
        (Program("/no/such/program"), ConfigurationError, "config.mcp_command"),
        (Program(sys.executable, ("-c", "pass")), ProviderUnavailable, "provider.unavailable"),
        (Program(sys.executable, ("-c", "print('hello')")), ProviderUnavailable, "provider.unavailable"),
    ],
)
async def test_a_program_that_speaks_no_mcp(program: Program, kind: type[LaminaError], code: str) -> None:
    mailer = McpMailer(program, tool="send_mail", template=mcp_tool.TEMPLATE, patience=PATIENCE)
    with pytest.raises(kind) as caught:
        await mailer.start()
    assert caught.value.code == code


async def test_a_program_sees_no_secret_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-ours")
    seen = tmp_path / "seen"
    script = "import os; open(os.environ['SEEN'], 'w').write(' '.join(os.environ))"
    program = Program(sys.executable, ("-c", script), {"SEEN": str(seen)})
    mailer = McpMailer(program, tool="send_mail", template=mcp_tool.TEMPLATE, patience=PATIENCE)
    with pytest.raises(ProviderUnavailable):
        await mailer.start()
    assert "SEEN" in seen.read_text().split()
    assert "OPENAI_API_KEY" not in seen.read_text().split()


async def test_the_token_is_sent_and_not_shown(tool: mcp_tool.HttpTool) -> None:
    await over(tool, "t0ken").send(MESSAGE, idempotency_key="k1")
    assert {headers.get("authorization") for headers, _ in tool.asked} == {"Bearer t0ken"}
    assert "t0ken" not in repr(HttpServer(tool.url, "t0ken"))


def only(method: str, status: int, headers: dict[str, str] | None = None) -> Any:
    def answer(asked: Any) -> tuple[int, dict[str, str]] | None:
        said = asked.get("method") if isinstance(asked, dict) else None
        return (status, headers or {}) if said == method else None

    return answer


@pytest.mark.parametrize("method", ["server/discover", "tools/list", "tools/call"])
async def test_statuses_keep_their_meaning(tool: mcp_tool.HttpTool, method: str) -> None:
    for status, kind in ((401, ProviderAuthError), (403, ProviderAuthError), (429, ProviderRateLimited)):
        tool.answer = only(method, status, {"Retry-After": "4"})
        with pytest.raises(kind) as caught:
            await over(tool).send(MESSAGE, idempotency_key="k1")
        assert caught.value.provider == "mcp"
        if isinstance(caught.value, ProviderRateLimited):
            assert caught.value.retry_after == 4
    assert tool.calls == []


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_that_gave_up_on_the_call(tool: mcp_tool.HttpTool, status: int) -> None:
    tool.answer = only("tools/list", status)
    with pytest.raises(ProviderUnavailable):
        await over(tool).send(MESSAGE, idempotency_key="k1")
    tool.answer = only("tools/call", status)
    with pytest.raises(DeliveryUnknown):
        await over(tool).send(MESSAGE, idempotency_key="k1")


async def test_a_server_that_is_broken_or_gone(tool: mcp_tool.HttpTool, unused_tcp_port: int) -> None:
    tool.answer = lambda asked: (500, {})
    with pytest.raises(ProviderUnavailable):
        await over(tool).start()
    gone = mcp_tool.HttpTool(url=f"http://127.0.0.1:{unused_tcp_port}/mcp")
    with pytest.raises(ProviderUnavailable):
        await over(gone).start()


async def test_servers_of_the_older_protocol(tool: mcp_tool.HttpTool) -> None:
    """Before 2026 there was a handshake with a session; such a server does not know the newer question."""
    tool.answer = only("server/discover", 404)
    await over(tool).send(MESSAGE, idempotency_key="k1")
    methods = [asked.get("method") for _, asked in tool.asked if isinstance(asked, dict)]
    assert "initialize" in methods
    assert len(tool.calls) == 1
