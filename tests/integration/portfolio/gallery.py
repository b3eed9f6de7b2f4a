"""What the tests of portfolios share: works and files, a worker with a bucket, looks as a visitor."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from tests.integration.identity.calls import call
from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor, Cast
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.portfolio import handlers
from worker.domains.portfolio.ports import PortfolioPorts
from worker.providers.storage.offline import FolderStorage
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

SITE = "https://example.com"
BUCKET = "portfolio"
UNFINISHED = "select count(*) from public.jobs where gate <> 'closed' and kind like 'portfolio.%'"
_names = itertools.count(1)


class Bucket(FolderStorage):
    """Forgets the rows of files that it removes, as Storage does."""

    def __init__(self, root: Path, db: Database) -> None:
        super().__init__(root)
        self._db = db

    async def remove(self, bucket: str, paths: Sequence[str]) -> None:
        await super().remove(bucket, paths)
        with self._db.admin.transaction():
            self._db.admin.execute("select set_config('storage.allow_delete_query', 'true', true)")
            self._db.admin.execute("delete from storage.objects where name = any(%s)", (list(paths),))


@dataclass
class Gallery:
    """One database and its bucket's folder."""

    db: Database
    cast: Cast
    root: Path

    @property
    def ws(self) -> UUID:
        return self.cast.workspace_id

    def run(self, query: str, *parameters: Any, actor: Actor | None = None) -> list[tuple[Any, ...]]:
        """A statement as the editor, if nobody else is named; its rows."""
        with self.db.as_user(actor or self.cast.editor) as cursor:
            cursor.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]

    def name(self, actor: Actor, username: str | None) -> None:
        self.run(
            "update public.profiles set username = %s where user_id = %s",
            username,
            actor.user_id,
            actor=actor,
        )

    def project(self, slug: str, status: str = "draft", actor: Actor | None = None) -> UUID:
        found: UUID = self.run(
            "insert into public.projects (workspace_id, slug, title, status) values (%s, %s, 'Work', %s)"
            " returning id",
            self.ws,
            slug,
            status,
            actor=actor,
        )[0][0]
        return found

    def move_to(self, project: UUID, status: str) -> None:
        self.run("update public.projects set status = %s where id = %s", status, project)

    def upload(self, path: str, mime: str = "image/png", *, size: int = 10) -> str:
        """A file as Storage notes it."""
        target = self.root / BUCKET / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(b"x" * size)
        self.db.admin.execute(
            "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s)",
            (BUCKET, path, Jsonb({"size": size, "mimetype": mime})),
        )
        return path

    def add(self, project: UUID, name: str, actor: Actor | None = None, **named: Any) -> dict[str, Any]:
        """Uploads and shows a file."""
        path = self.upload(f"{self.ws}/{project}/{name}", **named)
        return self.call("add_project_media", project, path, name, actor=actor)

    def call(self, function: str, *arguments: Any, actor: Actor | None = None) -> dict[str, Any]:
        with self.db.as_user(actor or self.cast.editor) as cursor:
            return call(cursor, function, *arguments)

    def seen(self, slug: str, username: str = "edith") -> Any:
        """What a visitor reads of a work; None when there is nothing."""
        with self.db.as_anon() as cursor:
            row = cursor.execute("select public.get_project(%s, %s)", (username, slug)).fetchone()
        assert row is not None
        return row[0]

    def readable(self, query: str = "select name from storage.objects") -> set[str]:
        """Files that a visitor may read or sign."""
        with self.db.as_anon() as cursor:
            return {name for (name,) in cursor.execute(query.encode()).fetchall()}

    def files(self) -> set[str]:
        folder = self.root / BUCKET
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker on the database and the folder."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"gallery-{next(_names)}",
            lanes={"bulk": 2, "outbound": 2},
            lease=5.0,
            grace=2.0,
            poll=0.2,
            listen_dsn=dsn,
        )
        async with Pool(dsn, min_size=1, max_size=6) as pool:
            registry = Registry()
            handlers.register(registry, PortfolioPorts(pool, Bucket(self.root, self.db), SITE))
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(lambda: not self.db.value(UNFINISHED), 40)
