"""Hybrid search among many tenants: its time with and without RLS, and its recall."""

from __future__ import annotations

import random
import time
from array import array
from itertools import accumulate
from uuid import UUID, uuid4

import numpy as np
import psycopg

from bench.harness import Result, in_turn, migrated, new_workspace, owner_of, result
from scripts.stack.cluster import Cluster
from worker.db.halfvec import to_halfvec, to_text

TENANTS = 100


def measure(cluster: Cluster, rounds: int) -> list[Result]:
    """Milliseconds of hybrid search as `authenticated`, against the same query as superuser without RLS."""
    results = []
    for chunks in (1_000, 10_000, 100_000):
        corpus = Corpus(migrated(cluster, f"retrieval_{chunks}"), chunks)
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


class Corpus:
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
        frequencies = (1 / (rank + 2) for rank in range(len(self._words)))  # Zipf, as in languages
        self._cumulative = list(accumulate(frequencies))
        big = chunks // 5
        self.sizes = [big] + [(chunks - big) // (TENANTS - 1)] * (TENANTS - 1)
        with psycopg.connect(dsn, autocommit=True) as admin:
            self.workspaces = [new_workspace(admin) for _ in range(TENANTS)]
            self._owners = [owner_of(admin, workspace) for workspace in self.workspaces]
            for workspace, size in zip(self.workspaces, self.sizes, strict=True):
                self._fill(admin, workspace, size)
            admin.execute("vacuum analyze public.chunks")
            admin.execute("vacuum analyze public.documents")

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
        return " ".join(self._random.choices(self._words, cum_weights=self._cumulative, k=words))

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
