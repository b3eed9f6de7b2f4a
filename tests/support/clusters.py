"""One Postgres server per version for the whole test run, shared by all xdist workers, gone afterwards.

The first process that asks starts it. Stopping is the reaper's: a small process that lives as long as the
pytest process that made the root folder, so that even ``kill -9`` of a test run leaves no server behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import psycopg

from scripts.stack.cluster import Cluster
from scripts.stack.migrate import migrate
from scripts.stack.platform import bootstrap_database
from scripts.stack.settings import MIGRATIONS, PROJECT

ROOT_VARIABLE = "LAMINA_TEST_ROOT"
_MEMORY = Path("/dev/shm")
_MEMORY_NEEDED = 4 * 1024**3

Version = Literal[16, 18]
Mode = Literal["open", "closed"]


@dataclass
class SharedRoot:
    """Folder of the run's servers, and the pipe whose closing sends the reaper to work."""

    path: Path
    reaper: subprocess.Popen[bytes]

    @classmethod
    def create(cls) -> SharedRoot:
        path = Path(tempfile.mkdtemp(prefix="lamina-tests-", dir=memory()))
        path.chmod(0o711)  # the server's own user must be able to pass
        command = [sys.executable, "-m", "tests.support.reaper", str(path)]
        reaper = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=PROJECT, start_new_session=True)
        os.environ[ROOT_VARIABLE] = str(path)
        return cls(path, reaper)

    def close(self) -> None:
        _pipe(self.reaper).close()
        self.reaper.wait(timeout=60)


def shared_cluster(version: Version = 18) -> Cluster:
    """The run's server of this version, started if this process is the first to ask."""
    root = Path(os.environ[ROOT_VARIABLE])
    port_file = root / f"pg{version}.port"
    with locked(root / f"pg{version}.lock"):
        port = int(port_file.read_text()) if port_file.exists() else None
        cluster = Cluster(root / f"pg{version}", version=version, port=port)
        if port is None:
            cluster.start()
            _trade_safety_for_speed(cluster)
            port_file.write_text(str(cluster.port))
    return cluster


def migrated_template(version: Version = 18, mode: Mode = "open") -> str:
    """Name of a database with platform and migrations, to be copied and never written to."""
    cluster, name = shared_cluster(version), f"template_{mode}"
    with once(f"pg{version}.{name}") as first:
        if first:
            bootstrap_database(cluster, name, default_privileges=mode)
            migrate(cluster.dsn(name, user="postgres"), MIGRATIONS)
            with psycopg.connect(cluster.dsn(name), autocommit=True) as connection:
                connection.execute("alter role lamina_worker login")
    return name


def platform_template(version: Version = 18, mode: Mode = "open") -> str:
    """Name of a database with the platform only, before any migration."""
    cluster, name = shared_cluster(version), f"platform_{mode}"
    with once(f"pg{version}.{name}") as first:
        if first:
            bootstrap_database(cluster, name, default_privileges=mode)
    return name


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Excludes other processes of the run."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def once(name: str) -> Iterator[bool]:
    """True for the first process that gets through without an error, false for all later ones."""
    root = Path(os.environ[ROOT_VARIABLE])
    done = root / f"{name}.done"
    with locked(root / f"{name}.lock"):
        yield not done.exists()
        done.touch()


@contextmanager
def state_folder() -> Iterator[Path]:
    """A folder for a server or a platform, whose own user may pass; gone at the end."""
    with tempfile.TemporaryDirectory(prefix="lamina-", dir=memory(), ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def memory() -> Path | None:
    """A file system in memory, where there is one with room: a database is copied there 15 times as fast."""
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK)
    return _MEMORY if usable and shutil.disk_usage(_MEMORY).free > _MEMORY_NEEDED else None


def _trade_safety_for_speed(cluster: Cluster) -> None:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"alter system set {setting} = off".encode())
        connection.execute("select pg_reload_conf()")


def _pipe(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin
