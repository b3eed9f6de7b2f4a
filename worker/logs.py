"""Structured logs on standard error, and Sentry when it is configured; neither ever shows a secret."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Any, Literal

import sentry_sdk
import structlog
from sentry_sdk.utils import BadDsn
from structlog.typing import EventDict, Processor

from worker.errors import ConfigurationError

HIDDEN = "***"
SHORTEST_SECRET = 6  # hiding shorter ones would garble ordinary words


def configure(
    format: Literal["console", "json"], sentry_dsn: str | None = None, secrets: Iterable[str] = ()
) -> None:
    """One line per event; libraries' own logging joins in from WARNING on. Raises ConfigurationError."""
    hide = hider(secrets)
    if sentry_dsn:
        _start_sentry(sentry_dsn, hide)
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [
        structlog.processors.format_exc_info,
        lambda _logger, _method, event: hide(event),
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
    structlog.configure(
        processors=[*first, _report, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    _adopt_library_logs(first, last)


def hider(secrets: Iterable[str]) -> Callable[[Any], Any]:
    """Replaces every occurrence of a secret in strings, however deep they are nested."""
    known = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def hide(value: Any) -> Any:
        if isinstance(value, str):
            for secret in known:
                value = value.replace(secret, HIDDEN)
            return value
        if isinstance(value, dict):
            return {key: hide(inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [hide(inner) for inner in value]
        return value

    return hide


def _report(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Sentry gets the exceptions that are logged; without Sentry this does nothing."""
    if event.get("exc_info"):
        sentry_sdk.capture_exception()
    return event


def _adopt_library_logs(first: list[Processor], last: list[Processor]) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*first, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def without_query(crumb: dict[str, Any]) -> dict[str, Any]:
    """A trail entry without the query of a request: some vendors take tenants' keys there."""
    data = crumb.get("data") or {}
    return {**crumb, "data": {key: data[key] for key in data if key not in ("http.query", "http.fragment")}}


def _start_sentry(dsn: str, hide: Callable[[Any], Any]) -> None:
    try:
        sentry_sdk.init(
            dsn=dsn,
            include_local_variables=False,
            before_send=lambda event, _hint: hide(event),
            before_breadcrumb=lambda crumb, _hint: without_query(crumb),
        )
    except BadDsn as error:
        raise ConfigurationError("config.bad_sentry_dsn", f"SENTRY_DSN: {error}.") from error
