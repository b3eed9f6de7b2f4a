"""Files into a workspace, as the worker takes them in; ``python -m bench.ingesting DSN FOLDER PATH…`` in a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from pathlib import Path
from uuid import uuid4

import psycopg

from bench.harness import FOLDER, new_workspace
from worker.db.pool import Database
from worker.domains.knowledge.handlers import register
from worker.domains.knowledge.ports import KnowledgePorts
from worker.domains.knowledge.reading import read_pdf
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.llm.offline import OfflineChatModel
from worker.providers.storage.offline import FolderStorage
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry
from worker.sandbox import ProcessSandbox

BUCKET = "documents"
HANDBOOK = FOLDER.parent / "scripts" / "demo" / "handbook.pdf"


def register_upload(dsn: str, folder: Path, pdf: Path) -> str:
    """Stores a copy and the row that the storage door writes; a trigger makes document and job of it."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        path = f"{new_workspace(admin)}/{uuid4()}/book.pdf"
        stored = folder / BUCKET / path
        stored.parent.mkdir(parents=True)
        shutil.copy(pdf, stored)
        admin.execute(
            "insert into storage.objects (bucket_id, name, metadata) values (%s, %s, %s)",
            (BUCKET, path, f'{{"size": {pdf.stat().st_size}, "mimetype": "application/pdf"}}'),
        )
    return path


async def ingest_all(dsn: str, folder: Path, paths: list[str]) -> float:
    """Seconds until every one is searchable; the worker and its sandbox are warm."""
    async with Database(dsn, max_size=6) as db:
        registry, sandbox = Registry(), ProcessSandbox()
        await sandbox.run(read_pdf, str(HANDBOOK))  # starts the child and loads its libraries
        register(
            registry,
            KnowledgePorts(db, OfflineEmbedder(), OfflineChatModel(), FolderStorage(folder), sandbox),
        )
        worker = Worker(db, registry, WorkerOptions(worker_id="bench", lanes={"ingest": 2}, listen_dsn=dsn))
        began = time.perf_counter()
        running = asyncio.create_task(worker.run())
        while await _unprocessed(db, paths):
            await asyncio.sleep(0.005)
        took = time.perf_counter() - began
        worker.stop()
        await running
        await sandbox.close()
    return took


async def _unprocessed(db: Database, paths: list[str]) -> int:
    async with db.connection() as connection:
        cursor = await connection.execute(
            "select count(*) filter (where status <> 'processed'), count(*) filter (where status = 'failed')"
            " from public.documents where object_path = any(%s)",
            (paths,),
        )
        row = await cursor.fetchone()
    assert row is not None
    assert row[1] == 0, "a document failed"
    return int(row[0])


if __name__ == "__main__":
    asyncio.run(ingest_all(sys.argv[1], Path(sys.argv[2]), sys.argv[3:]))
