"""What every measurement needs: a server, repetition in turn, and a place for results."""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
from rich.console import Console

from scripts.stack.cluster import Cluster
from scripts.stack.migrate import migrate
from scripts.stack.platform import bootstrap_database
from scripts.stack.settings import MIGRATIONS

FOLDER = Path(__file__).parent
console = Console()

Measure = Callable[[], float]


@dataclass
class Result:
    """One row of the table; ``peers`` are medians in the same unit, ``goal`` says what was asked of ``ratio``."""

    name: str
    value: float
    unit: str
    min: float
    max: float
    peers: dict[str, float] = field(default_factory=dict)
    goal: str = ""
    met: bool | None = None
    samples: dict[str, list[float]] = field(default_factory=dict)


def in_turn(rounds: int, ours: Measure, peers: Mapping[str, Measure] | None = None) -> dict[str, list[float]]:
    """Samples of each, taken A B A B, so that a slow minute of the machine hits all alike."""
    taken: dict[str, list[float]] = {"lamina": [], **{name: [] for name in peers or {}}}
    for _ in range(rounds):
        for name, measure in {"lamina": ours, **(peers or {})}.items():
            taken[name].append(measure())
    return taken


def result(
    name: str,
    unit: str,
    samples: dict[str, list[float]],
    goal: str = "",
    met: Callable[[dict[str, float]], bool] | None = None,
) -> Result:
    """Medians of the samples; ``met`` sees them by name."""
    medians = {each: statistics.median(values) for each, values in samples.items()}
    ours = samples["lamina"]
    peers = {each: value for each, value in medians.items() if each != "lamina"}
    made = Result(
        name,
        medians["lamina"],
        unit,
        min(ours),
        max(ours),
        peers,
        goal,
        met(medians) if met else None,
        samples,
    )
    show(made)
    return made


def show(made: Result) -> None:
    """One line, as it is measured."""
    verdict = {True: "[green]reached[/green]", False: "[red]missed[/red]", None: ""}[made.met]
    console.print(
        f"{made.name}: [bold]{made.value:,.4g} {made.unit}[/bold] ({made.min:,.4g}–{made.max:,.4g}) {verdict} [dim]{made.goal}[/dim]"
    )
    for peer, value in made.peers.items():
        console.print(f"    {peer}: {value:,.4g} {made.unit}", style="dim")


@contextmanager
def server() -> Iterator[Cluster]:
    """A Postgres with its default settings, and data on disk."""
    with tempfile.TemporaryDirectory(prefix="lamina-bench-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        cluster = Cluster(Path(name) / "pg")
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop("immediate")


def migrated(cluster: Cluster, name: str) -> str:
    """A fresh database with all migrations; the superuser's dsn."""
    bootstrap_database(cluster, name)
    migrate(cluster.dsn(name, user="postgres"), MIGRATIONS)
    dsn = cluster.dsn(name)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("alter role lamina_worker login")
    return dsn


def empty(cluster: Cluster, name: str) -> str:
    """A fresh database without anything, for a peer."""
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
    return cluster.dsn(name)


def new_workspace(admin: psycopg.Connection) -> UUID:
    """A workspace with an owner who is nobody in particular."""
    user = uuid4()
    admin.execute(
        "insert into public.profiles (user_id, username) values (%s, %s)", (user, f"u{user.hex[:12]}")
    )
    row = admin.execute(
        "insert into public.workspaces (name, kind, created_by) values ('bench', 'team', %s) returning id",
        (user,),
    ).fetchone()
    assert row is not None
    admin.execute(
        "insert into public.workspace_members (workspace_id, user_id, role) values (%s, %s, 'owner') on conflict do nothing",
        (row[0], user),
    )
    return UUID(str(row[0]))


def owner_of(admin: psycopg.Connection, workspace: UUID) -> str:
    """The user id of its owner."""
    row = admin.execute(
        "select user_id from public.workspace_members where workspace_id = %s", (workspace,)
    ).fetchone()
    return str(row[0]) if row else ""


def machine() -> str:
    """What the figures were taken on."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, Postgres 18"


def save(results: list[Result]) -> Path:
    """Writes ``results.json``; what was not measured this time stays as it was."""
    path = FOLDER / "results.json"
    rows = [{key: value for key, value in asdict(each).items() if key != "samples"} for each in results]
    measured = {row["name"] for row in rows}
    before = json.loads(path.read_text("utf-8"))["results"] if path.exists() else []
    rows = [row for row in before if row["name"] not in measured] + rows
    path.write_text(json.dumps({"machine": machine(), "results": rows}, indent=2) + "\n", "utf-8")
    return path
