"""``lamina worker``: one more worker, in the foreground."""

from __future__ import annotations

import typer
from pydantic import SecretStr, ValidationError

from scripts.stack.parts import mailbox
from scripts.stack.settings import StackSettings
from scripts.stack.state import load
from worker.settings import WorkerSettings


def worker() -> None:
    """Run a worker until Ctrl-C, on the database that is set, else on the local platform.

    Exit code 2: a setting is wrong or missing; 3: Postgres does not serve the worker.
    """
    from worker.__main__ import main  # every vendor's library comes along, which takes seconds

    raise typer.Exit(main(_settings))


def _settings() -> WorkerSettings:
    """From the environment or ``.env``; what is missing there, from the platform of this checkout."""
    try:
        return WorkerSettings()
    except ValidationError:
        platform = load()
        if platform is None or not platform.ready:
            raise
        return WorkerSettings(
            lamina_db_url=SecretStr(platform.worker_db_url),
            supabase_url=platform.url,
            supabase_secret_key=SecretStr(platform.secret_key),
            lamina_mailbox_dir=mailbox(StackSettings()),
        )
