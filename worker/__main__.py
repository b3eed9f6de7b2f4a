"""``python -m worker``: a worker, until it is told to stop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

import psycopg
from psycopg_pool import PoolTimeout
from pydantic import ValidationError

from worker.bootstrap import run
from worker.errors import ConfigurationError
from worker.logs import configure
from worker.settings import WorkerSettings

WRONG_SETTING = 2
DATABASE = 3
NO_ANSWER = "Postgres does not answer at LAMINA_DB_URL; is it running, and is the password right?"


def main(load: Callable[[], WorkerSettings] = WorkerSettings) -> int:
    """Exit code: 0 when it was stopped, 2 when a setting is wrong, 3 when Postgres does not serve it."""
    try:
        settings = load()
        sentry = settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else None
        configure(settings.lamina_log_format, sentry, settings.secrets)
        asyncio.run(run(settings))
    except ValidationError as error:
        return _say("\n".join(_lines(error)), WRONG_SETTING)
    except ConfigurationError as error:
        return _say(str(error), WRONG_SETTING)
    except PoolTimeout:
        return _say(NO_ANSWER, DATABASE)
    except psycopg.Error as error:
        reason = str(error).strip().partition("\n")[0]
        return _say(f"Postgres refuses the worker: {reason}. Are the migrations applied?", DATABASE)
    return 0


def _lines(error: ValidationError) -> list[str]:
    """One per wrong setting, without its value."""
    return [
        f"{'.'.join(map(str, problem['loc'])).upper()}: {problem['msg'].removeprefix('Value error, ')}"
        for problem in error.errors(include_input=False, include_context=False)
    ]


def _say(text: str, code: int) -> int:
    print(text, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
