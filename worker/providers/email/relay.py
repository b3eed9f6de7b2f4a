"""The mail server that the settings mean. Pure."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from worker.errors import ConfigurationError
from worker.providers.email.smtp import Security, SmtpServer
from worker.settings import ProviderSettings, SmtpTls

_HERE = ("localhost", "127.0.0.1", "::1")
_PORTS: dict[Security, int] = {"tls": 465, "starttls": 587, "none": 25}


def smtp_server(settings: ProviderSettings) -> SmtpServer:
    """From SMTP_URL, else from SMTP_HOST and the others. Raises ConfigurationError."""
    if settings.smtp_url is not None:
        return _of_url(settings.smtp_url.get_secret_value(), settings.smtp_tls)
    if settings.smtp_host is None:
        raise ConfigurationError(
            "config.missing_smtp", "smtp is chosen, but neither SMTP_URL nor SMTP_HOST is set."
        )
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else ""
    return _server(settings.smtp_host, settings.smtp_port, settings.smtp_tls, settings.smtp_user, password)


def _of_url(url: str, wanted: SmtpTls) -> SmtpServer:
    """Said without the value, since it holds a password."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        parts, host, port = urlsplit(""), None, None
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise ConfigurationError(
            "config.smtp_url",
            "SMTP_URL must be smtp[s]://user:password@host:port, special characters %-encoded.",
        )
    tls: SmtpTls = "tls" if parts.scheme == "smtps" else wanted
    user = unquote(parts.username) if parts.username else None
    return _server(host, port, tls, user, unquote(parts.password or ""))


def _server(host: str, port: int | None, tls: SmtpTls, user: str | None, password: str) -> SmtpServer:
    security = _security(host, port) if tls == "auto" else tls
    return SmtpServer(host, port or _PORTS[security], security, user, password)


def _security(host: str, port: int | None) -> Security:
    """What is safe by default: without encryption only to this machine."""
    if port == _PORTS["tls"]:
        return "tls"
    return "none" if host in _HERE else "starttls"
