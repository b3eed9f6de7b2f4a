"""Rules for the migrated catalog: one query per rule in ``gates/``, one breach of it in ``planted/``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.database import Database

HERE = Path(__file__).parent
GATES = sorted(path.stem for path in (HERE / "gates").glob("*.sql"))


@pytest.fixture
def connection(shared_db: Database) -> Iterator[psycopg.Connection]:
    """A superuser's transaction that is rolled back; names print qualified."""
    with psycopg.connect(shared_db.dsn()) as connection:
        yield connection
        connection.rollback()


def violations(connection: psycopg.Connection, gate: str) -> list[str]:
    """``object: problem`` for every row the gate's query returns."""
    connection.execute("set local search_path = pg_catalog")
    query = (HERE / "gates" / f"{gate}.sql").read_bytes()
    return sorted(f"{name}: {problem}" for name, problem in connection.execute(query))


@pytest.mark.parametrize("gate", GATES)
def test_gate_holds(gate: str, connection: psycopg.Connection) -> None:
    assert violations(connection, gate) == []


@pytest.mark.parametrize("gate", GATES)
def test_gate_sees_a_planted_breach(gate: str, connection: psycopg.Connection) -> None:
    planted = (HERE / "planted" / f"{gate}.sql").read_text()
    expected = re.findall(r"^-- expect: (.+)$", planted, re.MULTILINE)
    assert expected, "a planted file names what its gate must report"
    before = violations(connection, gate)
    connection.execute(planted.encode())
    found = [line for line in violations(connection, gate) if line not in before]
    missed = [text for text in expected if not any(line.startswith(text) for line in found)]
    assert missed == [], f"reported only {found}"
