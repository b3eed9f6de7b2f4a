"""Which mailer the settings mean, and from whom."""

from __future__ import annotations

from collections.abc import Callable

from worker.errors import ConfigurationError, ProviderRejected
from worker.providers.email.offline import OfflineMailer
from worker.providers.email.port import Address, Mailer
from worker.providers.email.relay import smtp_server
from worker.providers.email.sendgrid import SendGridMailer
from worker.providers.email.smtp import SmtpMailer
from worker.settings import ProviderSettings

OFFLINE_SENDER = "Lamina <lamina@localhost>"


def mailer(settings: ProviderSettings) -> Mailer:
    """The chosen mailer; for "auto" the first that is configured, else the offline one.

    Raises ConfigurationError.
    """
    name = chosen(settings)
    if name == "offline":
        return OfflineMailer(settings.lamina_mailbox_dir)
    sender(settings)
    return _BUILDERS[name](settings)


def chosen(settings: ProviderSettings) -> str:
    if settings.lamina_email_provider != "auto":
        return settings.lamina_email_provider
    configured = {
        "sendgrid": settings.sendgrid_api_key,
        "smtp": settings.smtp_url or settings.smtp_host,
        "mcp": settings.lamina_mcp_email_url or settings.lamina_mcp_email_command,
    }
    return next((name for name, value in configured.items() if value), "offline")


def sender(settings: ProviderSettings) -> Address:
    """Who messages are from. Raises ConfigurationError when real ones have no sender."""
    if settings.lamina_email_from is not None:
        return _address("LAMINA_EMAIL_FROM", settings.lamina_email_from)
    if chosen(settings) == "offline":
        return Address.parse(OFFLINE_SENDER)
    raise ConfigurationError(
        "config.missing_sender", "LAMINA_EMAIL_FROM is not set; messages need a sender: Name <address>."
    )


def reply_to(settings: ProviderSettings) -> Address | None:
    """Where answers go; None: to the sender. Raises ConfigurationError."""
    if settings.lamina_email_reply_to is None:
        return None
    return _address("LAMINA_EMAIL_REPLY_TO", settings.lamina_email_reply_to)


def _address(name: str, value: str) -> Address:
    try:
        return Address.parse(value)
    except ProviderRejected as error:
        raise ConfigurationError("config.address_invalid", f"{name} is not 'Name <address>'.") from error


def _sendgrid(settings: ProviderSettings) -> Mailer:
    if settings.sendgrid_api_key is None:
        raise ConfigurationError("config.missing_key", "sendgrid is chosen, but SENDGRID_API_KEY is not set.")
    return SendGridMailer(
        settings.sendgrid_api_key.get_secret_value(),
        base_url=settings.sendgrid_base_url,
        sandbox=settings.lamina_sendgrid_sandbox,
        timeout=settings.lamina_email_timeout_seconds,
        connect_timeout=settings.lamina_provider_connect_seconds,
    )


def _smtp(settings: ProviderSettings) -> Mailer:
    return SmtpMailer(smtp_server(settings), timeout=settings.lamina_email_timeout_seconds)


def _mcp(settings: ProviderSettings) -> Mailer:
    """The SDK takes most of a second to import, so only who uses it does."""
    from worker.providers.email.mcp_select import mcp_mailer

    return mcp_mailer(settings)


_BUILDERS: dict[str, Callable[[ProviderSettings], Mailer]] = {
    "sendgrid": _sendgrid,
    "smtp": _smtp,
    "mcp": _mcp,
}
