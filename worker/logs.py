"""Structured logs on standard error, and Sentry when it is configured."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import sentry_sdk
import structlog


def configure(format: Literal["console", "json"], sentry_dsn: str | None = None) -> None:
    """One line per event; libraries' own logging joins in from WARNING on."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    if sentry_dsn:
        sentry_sdk.init(dsn=sentry_dsn, send_default_pii=False)
