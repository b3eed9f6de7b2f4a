"""What the voice tests share: a worker with a bucket and a recogniser, and looks at rows."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from tests.integration.jobs.engine import run, until
from tests.integration.knowledge.house import InProcess
from tests.support.actors import Actor
from tests.support.database import Database
from worker.db.pool import Database as Pool
from worker.domains.knowledge import handlers as knowledge
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.voice import handlers
from worker.domains.voice.ports import Sandbox, VoiceOptions, VoicePorts
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.llm.port import ChatModel
from worker.providers.speech.select import Speech
from worker.providers.storage.offline import FolderStorage
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry

BUCKET = "voice"
INSERT = (
    "insert into storage.objects (bucket_id, name, owner, owner_id, metadata, version)"
    " values (%s, %s, %s, %s, %s, %s)"
)
UNFINISHED = "select count(*) from public.jobs where gate <> 'closed' and kind ~ '^(voice|knowledge)'"
Row = dict[str, Any]
_names = itertools.count(1)


@dataclass
class Studio:
    """One database with its bucket; `working` is a worker on both that listens and answers."""

    db: Database
    root: Path
    speech: Speech
    options: VoiceOptions = field(default_factory=VoiceOptions)
    sandbox: Sandbox = field(default_factory=InProcess)
    model: ChatModel = field(default_factory=OfflineChatModel)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Worker]:
        """A worker that runs voice and knowledge jobs while the context lasts."""
        dsn = self.db.dsn("lamina_worker")
        options = WorkerOptions(
            worker_id=f"studio-{next(_names)}",
            lanes={"ingest": 2, "interactive": 2, "outbound": 1},
            lease=5.0,
            grace=2.0,
            poll=0.2,
            listen_dsn=dsn,
        )
        storage = FolderStorage(self.root)
        async with Pool(dsn, min_size=1, max_size=8) as pool:
            registry = Registry()
            handlers.register(registry, self._ports(pool, storage))
            knowledge.register(
                registry, KnowledgePorts(pool, OfflineEmbedder(), self.model, storage, self.sandbox)
            )
            worker = Worker(pool, registry, options)
            async with run(worker):
                yield worker

    def _ports(self, pool: Pool, storage: FolderStorage) -> VoicePorts:
        speech = self.speech
        return VoicePorts(pool, speech.transcriber, speech.speaker, storage, self.sandbox, self.options)

    async def work_off(self) -> None:
        """Runs everything that is queued, to its end."""
        async with self.working():
            await until(lambda: not self.value(UNFINISHED), 60)

    def upload(self, actor: Actor, workspace_id: UUID, data: bytes, name: str = "memo.ogg") -> UUID:
        """A file as the storage door takes it; the id of its recording."""
        path = f"{workspace_id}/{actor.user_id}/{uuid4()}/{name}"
        target = self.root / BUCKET / path
        target.parent.mkdir(parents=True)
        target.write_bytes(data)
        with self.db.as_user(actor) as cursor:
            cursor.execute(INSERT, object_row(actor, path, len(data)))
        found: UUID = self.value("select id from public.recordings where object_path = %s", path)
        return found

    def files(self) -> list[str]:
        """Names in the bucket's folder, without workspace and user."""
        folder = self.root / BUCKET
        return sorted("/".join(p.relative_to(folder).parts[2:]) for p in folder.rglob("*") if p.is_file())

    def call(self, actor: Actor, function: str, *arguments: Any) -> Row:
        """Calls ``public.<function>`` as this user: its first row."""
        marks = ", ".join(["%s"] * len(arguments))
        with self.db.as_user(actor) as cursor:
            cursor.execute(f"select * from public.{function}({marks})".encode(), arguments)
            row, columns = cursor.fetchone(), cursor.description
            assert row is not None
            assert columns is not None
            return dict(zip((column.name for column in columns), row, strict=True))

    def recording(self, recording_id: UUID) -> Row:
        return self.row("select * from public.recordings where id = %s", recording_id)

    def job(self, recording_id: UUID, kind: str = "transcribe") -> Row:
        """Its newest job of ``voice.<kind>``."""
        query = "select * from public.jobs where subject_id = %s and kind = %s order by id desc"
        return self.row(query, recording_id, f"voice.{kind}")

    def ledger(self, metric: str = "voice_seconds") -> list[tuple[int, str]]:
        """Quantity and status of every use, oldest first."""
        query = "select quantity, status from public.usage_ledger where metric = %s order by id"
        return [(row[0], row[1]) for row in self.db.rows(query, metric)]

    def used(self) -> tuple[int, int]:
        """Seconds reserved and committed."""
        row = self.row(
            "select coalesce(sum(reserved), 0)::int as r, coalesce(sum(committed), 0)::int as c"
            " from app.usage_counters where metric = 'voice_seconds'"
        )
        return row["r"], row["c"]

    def row(self, query: str, *parameters: Any) -> Row:
        """The first row of a query, read as superuser."""
        with self.db.admin.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(query.encode(), parameters or None).fetchone()
        assert found is not None, query
        return found

    def value(self, query: str, *parameters: Any) -> Any:
        return self.db.value(query, *parameters)


def object_row(actor: Actor, path: str, size: int) -> tuple[Any, ...]:
    """Parameters of `INSERT`."""
    metadata = Jsonb({"size": size, "mimetype": "audio/ogg", "eTag": '"1"'})
    return BUCKET, path, actor.user_id, str(actor.user_id), metadata, str(uuid4())
