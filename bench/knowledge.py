"""Ingestion, retrieval, the worker's share of an answer, and memory."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import psutil
import psycopg
import pypdfium2
from langchain_community.document_loaders import PyPDFLoader
from langchain_core.embeddings import Embeddings as LangchainEmbeddings
from langchain_postgres import PGVector
from langchain_text_splitters import RecursiveCharacterTextSplitter

from bench.harness import FOLDER, Result, empty, in_turn, migrated, new_workspace, result
from bench.ingesting import BUCKET, ingest_all, register_upload
from scripts.stack.cluster import Cluster
from tests.support.pdfs import long_text
from worker.db.halfvec import to_halfvec, to_text
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
TENANTS = 100
MIB = 2**20


def measure(cluster: Cluster, rounds: int) -> list[Result]:
    """All of this file."""
    return [
        ingestion(cluster, rounds),
        *memory(cluster),
        *retrieval(cluster, rounds),
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


def retrieval(cluster: Cluster, rounds: int) -> list[Result]:
    """Milliseconds of hybrid search as `authenticated`, against the same query as superuser without RLS."""
    results = []
    for chunks in (1_000, 10_000, 100_000):
        corpus = _Corpus(migrated(cluster, f"retrieval_{chunks}"), chunks)
        for at in (1, 0):
            samples = in_turn(
                rounds,
                lambda at=at, corpus=corpus: corpus.time(at, as_member=True),
                {"superuser, no RLS": lambda at=at, corpus=corpus: corpus.time(at, as_member=False)},
            )
            size = corpus.sizes[at]
            results.append(
                result(
                    f"hybrid search, a tenant of {size:,} among {chunks:,} chunks", "ms", samples,
                    "≤ 1.3 × no RLS" if chunks == 100_000 else "", (lambda m: m["lamina"] <= 1.3 * m["superuser, no RLS"]) if chunks == 100_000 else None,
                )
            )  # fmt: skip
        recall = corpus.recall(0)
        results.append(
            result(
                f"recall@10 of the vectors, {chunks:,} chunks",
                "share",
                {"lamina": [recall]},
                "≥ 0.98",
                lambda m: m["lamina"] >= 0.98,
            )
        )
    return results


class _Corpus:
    """Chunks of 100 tenants, one of which has a fifth of all."""

    def __init__(self, dsn: str, chunks: int) -> None:
        self._dsn, self._random = dsn, random.Random(7)
        self._numbers = np.random.default_rng(7)
        syllables = (
            "ba",
            "cor",
            "del",
            "fan",
            "gri",
            "hol",
            "jun",
            "kel",
            "lom",
            "mar",
            "nit",
            "pol",
            "ras",
            "tun",
        )
        self._words = [f"{a}{b}{c}" for a in syllables for b in syllables for c in syllables]
        self._weights = [
            1 / (rank + 2) for rank in range(len(self._words))
        ]  # Zipf, as words of a language are
        big = chunks // 5
        self.sizes = [big] + [(chunks - big) // (TENANTS - 1)] * (TENANTS - 1)
        with psycopg.connect(dsn, autocommit=True) as admin:
            self.workspaces = [new_workspace(admin) for _ in range(TENANTS)]
            self._owners = [self._owner(admin, workspace) for workspace in self.workspaces]
            for workspace, size in zip(self.workspaces, self.sizes, strict=True):
                self._fill(admin, workspace, size)
            admin.execute("vacuum analyze public.chunks")
            admin.execute("vacuum analyze public.documents")

    @staticmethod
    def _owner(admin: psycopg.Connection, workspace: UUID) -> str:
        row = admin.execute(
            "select user_id from public.workspace_members where workspace_id = %s", (workspace,)
        ).fetchone()
        return str(row[0]) if row else ""

    def _fill(self, admin: psycopg.Connection, workspace: UUID, size: int) -> None:
        row = admin.execute(
            "insert into public.documents (workspace_id, kind, title, status, language) values (%s, 'text', 'bench', 'processed', 'english') returning id",
            (workspace,),
        ).fetchone()
        assert row is not None
        columns = "workspace_id, document_id, ordinal, content, page_from, page_to, char_from, char_to, content_hash, language, embedding_model, embedding"
        types = [
            "uuid",
            "uuid",
            "int4",
            "text",
            "int4",
            "int4",
            "int4",
            "int4",
            "bytea",
            "text",
            "text",
            "bytea",
        ]
        with (
            admin.cursor() as cursor,
            cursor.copy(f"copy public.chunks ({columns}) from stdin (format binary)".encode()) as copy,
        ):
            copy.set_types(types)  # a vector's binary form passes as it is
            for ordinal in range(size):
                vector = bytes(to_halfvec(self._vector()))
                copy.write_row(
                    (
                        workspace,
                        row[0],
                        ordinal,
                        self._text(),
                        1,
                        1,
                        0,
                        100,
                        uuid4().bytes,
                        "english",
                        "bench",
                        vector,
                    )
                )

    def _text(self, words: int = 120) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))

    def _vector(self) -> array[float]:
        values = self._numbers.standard_normal(1536)
        return array("f", values / np.linalg.norm(values))

    def time(self, at: int, *, as_member: bool, queries: int = 20) -> float:
        """The median query's milliseconds."""
        took = []
        with psycopg.connect(self._dsn) as connection:
            if as_member:
                connection.execute(
                    "select set_config('request.jwt.claims', %s, false)",
                    (f'{{"sub":"{self._owners[at]}","role":"authenticated"}}',),
                )
                connection.execute("set role authenticated")
            call = (
                "public.search_chunks(%s, %s, %s, 'bench')"
                if as_member
                else "app.search_chunks_of(%s, %s, %s::extensions.halfvec, 'bench', null, 10)"
            )
            for _ in range(queries):
                parameters = (
                    self.workspaces[at],
                    self._text(6),
                    to_text(self._vector()),
                )
                began = time.perf_counter()
                rows = connection.execute(f"select * from {call}".encode(), parameters).fetchall()
                took.append(time.perf_counter() - began)
                assert len(rows) == min(10, self.sizes[at]), f"only {len(rows)} rows"
        return 1000 * sorted(took)[queries // 2]

    def recall(self, at: int, queries: int = 10) -> float:
        """Share of the exact ten nearest that search by vector alone returns."""
        found = 0
        with psycopg.connect(self._dsn) as connection:
            for _ in range(queries):
                vector = to_text(self._vector())
                exact = connection.execute(
                    "select id from public.chunks where workspace_id = %s order by embedding operator(extensions.<=>) %s::extensions.halfvec limit 10",
                    (self.workspaces[at], vector),
                ).fetchall()
                ours = connection.execute(
                    "select chunk_id from app.search_chunks_of(%s, '', %s::extensions.halfvec, 'bench', null, 10)",
                    (self.workspaces[at], vector),
                ).fetchall()
                found += len({row[0] for row in exact} & {row[0] for row in ours})
        return found / (10 * queries)


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
        owner = _Corpus._owner(admin, workspace)
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
