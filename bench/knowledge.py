"""Ingestion, the worker's share of an answer, and memory."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pypdfium2
from langchain_community.document_loaders import PyPDFLoader
from langchain_core.embeddings import Embeddings as LangchainEmbeddings
from langchain_postgres import PGVector
from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.harness import FOLDER, Result, empty, in_turn, migrated, new_workspace, owner_of, result
from bench.ingesting import BUCKET, ingest_all, register_upload
from scripts.stack.cluster import Cluster
from tests.support.pdfs import long_text
from worker.db.pool import Database
from worker.domains.knowledge.handlers import register
from worker.domains.knowledge.ports import KnowledgePorts
from worker.providers.embeddings.offline import OfflineEmbedder
from worker.providers.llm.port import ChatEvent, ChatRequest, TextDelta, Usage
from worker.providers.storage.offline import FolderStorage
from worker.runtime.loop import Worker
from worker.runtime.options import WorkerOptions
from worker.runtime.registry import Registry
from worker.sandbox import ProcessSandbox

PAGES = 200
MIB = 2**20


def measure(cluster: Cluster, rounds: int) -> list[Result]:
    """All of this file."""
    return [
        ingestion(cluster, rounds),
        *memory(cluster),
        answer_overhead(cluster, rounds),
    ]


def ingestion(cluster: Cluster, rounds: int) -> Result:
    """Pages per second from the stored file to searchable chunks, one worker."""
    ours = migrated(cluster, "ingestion")
    peer = empty(cluster, "langchain")
    with psycopg.connect(peer, autocommit=True) as admin:
        admin.execute("create extension vector")
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as name:
        folder = Path(name)
        pdf = folder / BUCKET / "book.pdf"
        pdf.parent.mkdir()
        pdf.write_bytes(long_text(PAGES))
        worker = cluster.dsn("ingestion", user="lamina_worker")

        def lamina() -> float:
            path = register_upload(ours, folder, pdf)
            return PAGES / asyncio.run(ingest_all(worker, folder, [path]))

        samples = in_turn(
            rounds,
            lamina,
            {
                "pypdfium2, text only": lambda: PAGES / _bare(pdf),
                "LangChain PyPDFLoader + PGVector": lambda: PAGES / _langchain(peer, pdf),
            },
        )
    return result(
        f"ingestion of {PAGES} pages", "pages/s", samples, "≥ 0.5 × pypdfium2 and ≥ 10 × LangChain",
        lambda m: m["lamina"] >= 0.5 * m["pypdfium2, text only"] and m["lamina"] >= 10 * m["LangChain PyPDFLoader + PGVector"],
    )  # fmt: skip


def _bare(pdf: Path) -> float:
    began = time.perf_counter()
    document = pypdfium2.PdfDocument(pdf)
    for index in range(len(document)):
        document[index].get_textpage().get_text_range()
    return time.perf_counter() - began


class _SameEmbedder(LangchainEmbeddings):
    """The offline embedder for the peer, so that both do the same work."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [
            list(vector) for vector in asyncio.run(OfflineEmbedder().embed(texts, kind="document")).vectors
        ]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def _langchain(dsn: str, pdf: Path) -> float:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    url = f"postgresql+psycopg://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"
    store = PGVector(_SameEmbedder(), connection=url, collection_name=uuid4().hex, use_jsonb=True)
    began = time.perf_counter()
    pages = PyPDFLoader(str(pdf)).load()
    store.add_documents(
        RecursiveCharacterTextSplitter(chunk_size=1400, chunk_overlap=160).split_documents(pages)
    )
    return time.perf_counter() - began


def memory(cluster: Cluster) -> list[Result]:
    """Peak resident memory of a worker process and of its largest child while ten 200-page PDFs go in."""
    ours = migrated(cluster, "memory")
    with tempfile.TemporaryDirectory(prefix="lamina-bench-") as name:
        folder = Path(name)
        pdf = folder / BUCKET / "book.pdf"
        pdf.parent.mkdir()
        pdf.write_bytes(long_text(PAGES))
        paths = [register_upload(ours, folder, pdf) for _ in range(10)]
        command = [
            sys.executable,
            "-m",
            "bench.ingesting",
            cluster.dsn("memory", user="lamina_worker"),
            str(folder),
            *paths,
        ]
        process = subprocess.Popen(command, cwd=FOLDER.parent)
        parent, child = _peaks(process)
    assert process.returncode == 0
    return [
        result(
            "memory of the worker, ten PDFs",
            "MiB",
            {"lamina": [parent]},
            "≤ 300 MiB",
            lambda m: m["lamina"] <= 300,
        ),
        result(
            "memory of its largest child",
            "MiB",
            {"lamina": [child]},
            "≤ 400 MiB",
            lambda m: m["lamina"] <= 400,
        ),
    ]


def _peaks(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    parent, child = 0.0, 0.0
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            parent = max(parent, watched.memory_info().rss / MIB)
            child = max([child, *(each.memory_info().rss / MIB for each in watched.children())])
        except psutil.NoSuchProcess:
            continue
        time.sleep(0.02)
    return parent, child


class _InstantModel:
    """Answers at once, so that what is left is ours."""

    name, model = "instant", "instant"

    async def stream(self, request: ChatRequest) -> AsyncIterator[ChatEvent]:
        yield TextDelta("It is so [1].")
        yield Usage(prompt_tokens=1, completion_tokens=1, cost_microusd=0, model="instant")

    async def close(self) -> None:
        return None


def answer_overhead(cluster: Cluster, rounds: int) -> Result:
    """Milliseconds from the start of the worker's attempt to the first words, with a model that answers at once."""
    ours = migrated(cluster, "answers")
    samples = {"lamina": [asyncio.run(_first_words(cluster, ours)) for _ in range(rounds)]}
    return result("answer overhead, median of 30", "ms", samples, "≤ 30 ms", lambda m: m["lamina"] <= 30)


async def _first_words(cluster: Cluster, dsn: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as admin, tempfile.TemporaryDirectory() as folder:
        workspace = new_workspace(admin)
        owner = owner_of(admin, workspace)
        claims = f'{{"sub":"{owner}","role":"authenticated"}}'
        async with Database(cluster.dsn("answers", user="lamina_worker"), max_size=6) as db:
            registry, sandbox = Registry(), ProcessSandbox()
            register(
                registry,
                KnowledgePorts(db, OfflineEmbedder(), _InstantModel(), FolderStorage(Path(folder)), sandbox),
            )
            options = WorkerOptions(
                worker_id="bench",
                lanes={"interactive": 4},
                listen_dsn=cluster.dsn("answers", user="lamina_worker"),
            )
            worker = Worker(db, registry, options)
            running = asyncio.create_task(worker.run())
            for number in range(30):
                with psycopg.connect(dsn) as client:
                    client.execute("select set_config('request.jwt.claims', %s, false)", (claims,))
                    client.execute("set role authenticated")
                    client.execute("select public.ask(%s, %s)", (workspace, f"What is so, number {number}?"))
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.5)
            worker.stop()
            await running
            await sandbox.close()
        rows = admin.execute(
            "select first_token_ms from public.messages where workspace_id = %s and role = 'assistant' and status = 'complete'",
            (workspace,),
        ).fetchall()
    assert len(rows) == 30, f"{len(rows)} answers of 30"
    return float(sorted(row[0] for row in rows)[15])
