from __future__ import annotations

from typing import Any

import pytest

from worker.errors import ConfigurationError
from worker.providers.email.mcp_select import mcp_mailer
from worker.providers.email.port import Address
from worker.providers.email.relay import smtp_server
from worker.providers.email.select import chosen, mailer, reply_to, sender
from worker.providers.email.smtp import SmtpServer
from worker.settings import ProviderSettings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in ProviderSettings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)


def settings(**values: Any) -> ProviderSettings:
    return ProviderSettings(_env_file=None, **values)


FROM = {"lamina_email_from": "Lamina <hello@lamina.example>"}
SENDGRID = {"sendgrid_api_key": "SG.k"}
SMTP = {"smtp_host": "mail.example.com"}
MCP = {
    "lamina_mcp_email_url": "http://127.0.0.1:9/mcp",
    "lamina_mcp_email_tool": "send_email",
    "lamina_mcp_email_arguments": '{"to": "{to}"}',
}


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({}, "offline"),
        (MCP, "mcp"),
        ({"lamina_mcp_email_command": "npx mail"}, "mcp"),
        ({**MCP, **SMTP}, "smtp"),
        ({**MCP, "smtp_url": "smtp://mail.example.com"}, "smtp"),
        ({**MCP, **SMTP, **SENDGRID}, "sendgrid"),
        ({**MCP, **SMTP, **SENDGRID, "lamina_email_provider": "offline"}, "offline"),
        ({**SENDGRID, "lamina_email_provider": "smtp"}, "smtp"),
    ],
)
def test_the_first_that_is_configured(given: dict[str, str], name: str) -> None:
    assert chosen(settings(**given)) == name


@pytest.mark.parametrize("given", [{}, SENDGRID, SMTP, MCP])
async def test_the_mailer_is_the_chosen_one(given: dict[str, str]) -> None:
    made = mailer(settings(**given, **FROM))
    assert made.name == chosen(settings(**given))
    assert made.offline is (made.name == "offline")
    await made.close()


async def test_sendgrid_may_be_in_its_sandbox() -> None:
    made = mailer(settings(**SENDGRID, **FROM, lamina_sendgrid_sandbox=True))
    assert made.offline is True
    await made.close()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"lamina_email_provider": "sendgrid"}, "config.missing_key"),
        ({"lamina_email_provider": "smtp"}, "config.missing_smtp"),
        ({"lamina_email_provider": "mcp"}, "config.mcp_incomplete"),
        ({**MCP, "lamina_mcp_email_url": None, "lamina_email_provider": "mcp"}, "config.mcp_incomplete"),
        ({**MCP, "lamina_mcp_email_arguments": None}, "config.mcp_incomplete"),
        ({**MCP, "lamina_mcp_email_arguments": "to"}, "config.mcp_arguments"),
        ({"smtp_url": "https://mail.example.com"}, "config.smtp_url"),
        ({**SENDGRID, "lamina_email_from": "Lamina"}, "config.address_invalid"),
        ({**SENDGRID, "lamina_email_from": None}, "config.missing_sender"),
    ],
)
def test_what_is_missing_is_said(given: dict[str, Any], code: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        mailer(settings(**{**FROM, **given}))
    assert caught.value.code == code


def test_who_messages_are_from() -> None:
    assert sender(settings(**FROM)) == Address("hello@lamina.example", "Lamina")
    assert sender(settings()).email == "lamina@localhost"
    assert reply_to(settings()) is None
    assert reply_to(settings(lamina_email_reply_to="help@lamina.example")) == Address("help@lamina.example")
    with pytest.raises(ConfigurationError, match="LAMINA_EMAIL_REPLY_TO"):
        reply_to(settings(lamina_email_reply_to="help"))


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ({"smtp_host": "mail.example.com"}, SmtpServer("mail.example.com", 587, "starttls")),
        ({"smtp_host": "mail.example.com", "smtp_port": 465}, SmtpServer("mail.example.com", 465, "tls")),
        ({"smtp_host": "mail.example.com", "smtp_port": 25}, SmtpServer("mail.example.com", 25, "starttls")),
        ({"smtp_host": "mail.example.com", "smtp_tls": "tls"}, SmtpServer("mail.example.com", 465, "tls")),
        ({"smtp_host": "mail.example.com", "smtp_tls": "none"}, SmtpServer("mail.example.com", 25, "none")),
        ({"smtp_host": "localhost", "smtp_port": 1025}, SmtpServer("localhost", 1025, "none")),
        (
            {"smtp_host": "a.b", "smtp_user": "u", "smtp_password": "p"},
            SmtpServer("a.b", 587, "starttls", "u", "p"),
        ),
        (
            {"smtp_url": "smtp://me%40a.b:p%2Fw@mail.example.com"},
            SmtpServer("mail.example.com", 587, "starttls", "me@a.b", "p/w"),
        ),
        (
            {"smtp_url": "smtps://mail.example.com", "smtp_tls": "none"},
            SmtpServer("mail.example.com", 465, "tls"),
        ),
        ({"smtp_url": "smtps://mail.example.com:8465"}, SmtpServer("mail.example.com", 8465, "tls")),
        ({"smtp_url": "smtp://127.0.0.1:1025"}, SmtpServer("127.0.0.1", 1025, "none")),
        ({"smtp_url": "smtp://[::1]:1025", "smtp_host": "other"}, SmtpServer("::1", 1025, "none")),
    ],
)
def test_mail_servers(given: dict[str, Any], server: SmtpServer) -> None:
    assert smtp_server(settings(**given)) == server


@pytest.mark.parametrize(
    "url", ["mail.example.com", "smtp://", "smtp://me:s3cret@mail:port", "http://a:s3cret@b"]
)
def test_a_wrong_address_is_not_shown(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        smtp_server(settings(smtp_url=url))
    assert "s3cret" not in str(caught.value)


def test_a_program_gets_the_named_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    program = {**MCP, "lamina_mcp_email_url": None, "lamina_mcp_email_command": "npx -y 'mail server'"}
    monkeypatch.setenv("MAIL_KEY", "secret")
    monkeypatch.setenv("LAMINA_MCP_EMAIL_ENV", "MAIL_KEY")
    assert mcp_mailer(settings(**program)).name == "mcp"
    monkeypatch.setenv("LAMINA_MCP_EMAIL_ENV", "MAIL_KEY, MAIL_REGION")
    with pytest.raises(ConfigurationError, match="MAIL_REGION"):
        mcp_mailer(settings(**program))
    with pytest.raises(ConfigurationError, match="LAMINA_MCP_EMAIL_COMMAND"):
        mcp_mailer(settings(**{**program, "lamina_mcp_email_command": "npx 'mail"}))


def test_secrets_do_not_show() -> None:
    given = settings(
        **SENDGRID,
        **MCP,
        smtp_password="s3cret",
        smtp_url="smtp://u:s3cret@h",
        lamina_mcp_email_token="t0ken",
    )
    assert not any(secret in repr(given) for secret in ("SG.k", "s3cret", "t0ken", "127.0.0.1:9"))
