"""What the knowledge tests share: a worker with stub providers, the storage door, and looks at rows."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.support.actors import Actor
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.knowledge import handlers
from worker.domains.knowledge.ports import KnowledgePorts, Sandbox
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.embeddings.port import Embedder
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatModel
from worker.providers.storage.offline import FolderStorage
from worker.providers.storage.port import ObjectStorage
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

BUCKET = "documents"
Result = TypeVar("Result")
Row = dict[str, Any]
_names = itertools.count(1)


class InProcess:
    """A sandbox without a child process, for tests that are about something else."""

    async def run(self, function: Callable[..., Result], *args: Any) -> Result:
        return function(*args)


@dataclass
class House:
    """One database with its bucket; `working` is a worker on both."""

    db: Database
    bucket: Path
    embedder: Embedder = field(default_factory=OfflineEmbedder)
    model: ChatModel = field(default_factory=OfflineChatModel)
    sandbox: Sandbox = field(default_factory=InProcess)
    storage: ObjectStorage | None = None

    @asynccontextmanager
    async def working(self, **lanes: int) -> AsyncIterator[Worker]:
        """A worker that runs the knowledge domain's jobs while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"house-{next(_names)}",
            lanes=lanes or {"ingest": 2, "interactive": 2, "outbound": 1},
            lease=5.0,
            grace=2.0,
            poll=0.2,
            listen_dsn=dsn,
        )
        async with Pool(dsn, min_size=1, max_size=8) as pool:
            registry = Registry()
            storage = self.storage or FolderStorage(self.bucket.parent)
            handlers.register(
                registry, KnowledgePorts(pool, self.embedder, self.model, storage, self.sandbox)
            )
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(self.is_idle, 40)

    def is_idle(self) -> bool:
        """No job of the domain waits or runs; what follows from them elsewhere is not this worker's."""
        return not self.db.value(
            "select count(*) from public.jobs where kind like 'knowledge.%' and gate <> 'closed'"
        )

    def upload(self, actor: Actor, name: str, data: bytes) -> UUID:
        """A new object as the storage door registers one; the id of its document."""
        self.store(name, data)
        with self.db.as_user(actor) as cursor:
            cursor.execute(
                "insert into storage.objects (bucket_id, name, owner, owner_id, metadata, version)"
                " values (%s, %s, %s, %s, %s, %s)",
                (BUCKET, name, actor.user_id, str(actor.user_id), metadata_of(data), str(uuid4())),
            )
        return self.document_at(name)

    def overwrite(self, actor: Actor, name: str, data: bytes) -> None:
        """The same path again, as an upload with upsert."""
        self.store(name, data)
        with self.db.as_user(actor) as cursor:
            cursor.execute(
                "update storage.objects set metadata = %s, version = %s where bucket_id = %s and name = %s",
                (metadata_of(data), str(uuid4()), BUCKET, name),
            )
            assert cursor.rowcount == 1

    def move(self, actor: Actor, old: str, new: str) -> None:
        """The file takes another path."""
        self.store(new, (self.bucket / old).read_bytes())
        (self.bucket / old).unlink()
        with self.db.as_user(actor) as cursor:
            cursor.execute(
                "update storage.objects set name = %s where bucket_id = %s and name = %s", (new, BUCKET, old)
            )
            assert cursor.rowcount == 1

    def store(self, name: str, data: bytes) -> None:
        """Puts the file alone into the bucket's folder."""
        path = self.bucket / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def holds(self, name: str) -> bool:
        """The file is in the bucket's folder."""
        return (self.bucket / name).exists()

    def document_at(self, name: str) -> UUID:
        found: UUID = self.db.value("select id from public.documents where object_path = %s", name)
        return found

    def write(self, actor: Actor, workspace_id: UUID, content: str, title: str = "A text") -> UUID:
        """A new authored text; its id."""
        found: UUID = self.call(actor, "create_text_document", workspace_id, title, content)["id"]
        return found

    def save(self, actor: Actor, document_id: UUID, content: str, expected: int) -> Row:
        """Its next version."""
        return self.call(actor, "save_document_version", document_id, content, expected)

    def call(self, actor: Actor, function: str, *arguments: Any) -> Row:
        """Calls ``public.<function>`` as this user: its first row."""
        return self.call_rows(actor, function, *arguments)[0]

    def call_rows(self, actor: Actor, function: str, *arguments: Any) -> list[Row]:
        """Calls ``public.<function>`` as this user: all rows."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{function}({marks})".encode(), arguments)
            assert cursor.description is not None
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def row(self, query: str, *parameters: Any) -> Row | None:
        """The first row of a query, by column name, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(query.encode(), parameters or None).fetchone()

    def document(self, document_id: UUID) -> Row:
        found = self.row("select * from public.documents where id = %s", document_id)
        assert found is not None, f"no document {document_id}"
        return found

    def chunks(self, document_id: UUID) -> list[Row]:
        """The document's chunks in order, vectors as text."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select c.*, c.embedding::text as vector from public.chunks as c"
                " where c.document_id = %s order by c.ordinal",
                (document_id,),
            ).fetchall()

    def jobs(self, kind: str, status: str | None = None) -> list[Row]:
        """Jobs of ``knowledge.<kind>``, oldest first."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(
                "select * from public.jobs where kind = %s and coalesce(status = %s, true) order by id",
                (f"knowledge.{kind}", status),
            ).fetchall()

    async def reach(self, document_id: UUID, status: str) -> Row:
        """The document once it has this status."""
        await until(lambda: self.document(document_id)["status"] == status)
        return self.document(document_id)


def metadata_of(data: bytes) -> Jsonb:
    """What the storage door notes about a file."""
    return Jsonb({"size": len(data), "mimetype": "application/pdf", "eTag": f'"{hash(data):x}"'})


def paragraphs(*markers: str, filler: str = "steadily") -> str:
    """A text of one chunk per marker, each under its own heading."""
    sentence = "In the valley of {0} the river runs " + filler + " between the old mills and the {0} bridge. "
    return "\n\n".join(f"# About {marker}\n\n" + (sentence.format(marker) * 9).strip() for marker in markers)
