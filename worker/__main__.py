"""``python -m worker``: a worker, until it is told to stop."""

from __future__ import annotations

import asyncio
import sys

from psycopg_pool import PoolTimeout
from pydantic import ValidationError

from worker.bootstrap import run
from worker.errors import ConfigurationError
from worker.logs import configure
from worker.settings import WorkerSettings


def main() -> int:
    """Exit code: 0 when it was stopped, 2 when a setting is wrong, 3 when Postgres does not answer."""
    try:
        settings = WorkerSettings()
    except ValidationError as error:
        for problem in error.errors():
            print(f"{'.'.join(map(str, problem['loc'])).upper()}: {problem['msg']}", file=sys.stderr)
        return 2
    sentry = settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else None
    configure(settings.lamina_log_format, sentry)
    try:
        asyncio.run(run(settings))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    except PoolTimeout:
        print(
            "Postgres does not answer at LAMINA_DB_URL; is it running, and is the password right?",
            file=sys.stderr,
        )
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
