"""The MCP server and the tool that the settings mean."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable

from worker.errors import ConfigurationError
from worker.providers.email.arguments import template
from worker.providers.email.mcp import McpMailer
from worker.providers.email.mcp_server import HttpServer, Patience, Program
from worker.settings import ProviderSettings


def mcp_mailer(settings: ProviderSettings) -> McpMailer:
    """Raises ConfigurationError."""
    tool, wanted = settings.lamina_mcp_email_tool, settings.lamina_mcp_email_arguments
    if tool is None or wanted is None:
        raise ConfigurationError(
            "config.mcp_incomplete",
            "mcp is chosen, but LAMINA_MCP_EMAIL_TOOL or LAMINA_MCP_EMAIL_ARGUMENTS is not set.",
        )
    patience = Patience(settings.lamina_email_timeout_seconds, settings.lamina_provider_connect_seconds)
    return McpMailer(_server(settings), tool=tool, template=template(wanted), patience=patience)


def _server(settings: ProviderSettings) -> HttpServer | Program:
    token = settings.lamina_mcp_email_token
    if settings.lamina_mcp_email_url is not None:
        url = settings.lamina_mcp_email_url.get_secret_value()
        return HttpServer(url, token.get_secret_value() if token else None)
    words = _words(settings.lamina_mcp_email_command or "")
    if words:
        return Program(words[0], tuple(words[1:]), _environment(settings.lamina_mcp_email_env))
    raise ConfigurationError(
        "config.mcp_incomplete",
        "mcp is chosen, but neither LAMINA_MCP_EMAIL_URL nor LAMINA_MCP_EMAIL_COMMAND is set.",
    )


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise ConfigurationError(
            "config.mcp_command", f"LAMINA_MCP_EMAIL_COMMAND cannot be read: {error}."
        ) from error


def _environment(names: Iterable[str]) -> dict[str, str]:
    """The named variables; a program gets no other secret of the worker. Raises ConfigurationError."""
    missing = [name for name in names if name not in os.environ]
    if missing:
        raise ConfigurationError(
            "config.mcp_environment", f"LAMINA_MCP_EMAIL_ENV names what is not set: {', '.join(missing)}."
        )
    return {name: os.environ[name] for name in names}
