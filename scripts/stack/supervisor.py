"""Runs the local platform: Postgres, migrations, and the parts, until it is told to stop."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from scripts.stack.cluster import Cluster
from scripts.stack.migrate import migrate
from scripts.stack.parts import all_parts
from scripts.stack.platform import bootstrap_database
from scripts.stack.processes import Child, Part, PartFailed, fresh_log
from scripts.stack.settings import MIGRATIONS, PROJECT, StackSettings
from scripts.stack.state import State, load, new_state, save, settle_ports, state_file
from scripts.stack.worker_role import give_login

SUPERVISOR = "supervisor"
WATCH_SECONDS = 0.25

Tell = Callable[[str, float], None]
"""Called with what is ready and the seconds it took."""


class AlreadyRunning(Exception):
    """Another process runs the platform of this checkout."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What signals ask for."""

    stop: threading.Event = field(default_factory=threading.Event)
    reload: threading.Event = field(default_factory=threading.Event)


class Stack:
    """The platform of one checkout; ``start`` and ``stop`` belong to one process."""

    def __init__(self, settings: StackSettings | None = None) -> None:
        self.settings = settings or StackSettings()
        self.file = state_file(self.settings)
        self.logs = self.settings.lamina_state_dir / "logs"
        self.children: list[Child] = []

    def start(
        self, tell: Tell, *, with_worker: bool = True, stock: Callable[[State], None] | None = None
    ) -> State:
        """Starts everything. Raises AlreadyRunning, PartFailed, ClusterError or MigrationError.

        ``stock`` is called when all doors are open, before the platform counts as ready.
        """
        self.state = self._prepare()
        self.state.remember(SUPERVISOR, os.getpid())
        save(self.state, self.file)
        began = time.monotonic()
        self._start_postgres()
        tell("postgres", time.monotonic() - began)
        began = time.monotonic()
        applied = migrate(self.state.db_url, MIGRATIONS)
        give_login(self.state.db_url, self.state.worker_password)
        tell(f"migrations ({len(applied)} applied)", time.monotonic() - began)
        self._start_parts(all_parts(self.settings, self.state, with_worker=with_worker), tell)
        if stock is not None:
            stock(self.state)
        self.state.ready = True
        save(self.state, self.file)
        return self.state

    def watch(self, wishes: Wishes) -> None:
        """Returns when told to stop. Raises PartFailed when a part ends."""
        while not wishes.stop.wait(WATCH_SECONDS):
            for child in self.children:
                child.check()
            if wishes.reload.is_set():
                wishes.reload.clear()
                self._restart("lite")

    def stop(self) -> None:
        """Stops everything in the reverse order."""
        while self.children:
            self.children.pop().stop()
        if hasattr(self, "cluster"):
            self.cluster.stop()
        if hasattr(self, "state"):
            self.state.forget()
            save(self.state, self.file)

    def _prepare(self) -> State:
        state = load(self.settings)
        if state is None:
            return new_state(self.settings)
        if state.is_alive(SUPERVISOR):
            raise AlreadyRunning(
                f"The local platform runs already at {state.url} (stop it with: lamina down)."
            )
        sweep(state)
        state.ports = settle_ports(self.settings, state.ports)
        return state

    def _start_postgres(self) -> None:
        self.cluster = _cluster(self.settings, self.state)
        self.cluster.start()
        self.state.ports["postgres"] = self.cluster.port
        bootstrap_database(self.cluster, "postgres")

    def _start_parts(self, parts: list[Part], tell: Tell) -> None:
        began = time.monotonic()
        for part in parts:
            child = Child(part, self.logs)
            self.children.append(child)
            self.state.remember(part.name, child.process.pid)
        save(self.state, self.file)
        for child in self.children:
            child.wait_until_ready()
            tell(child.part.name, time.monotonic() - began)

    def _restart(self, name: str) -> None:
        at = next(i for i, child in enumerate(self.children) if child.part.name == name)
        self.children[at].stop()
        self.children[at] = Child(self.children[at].part, self.logs)
        self.state.remember(name, self.children[at].process.pid)
        save(self.state, self.file)
        self.children[at].wait_until_ready()


def running(settings: StackSettings) -> State | None:
    """The platform of this checkout, if it is up and ready."""
    state = load(settings)
    return state if state and state.ready and state.is_alive(SUPERVISOR) else None


def start_detached(settings: StackSettings, *, with_worker: bool = True) -> State:
    """Starts a supervisor in the background and waits until all is ready. Raises PartFailed."""
    log = fresh_log(settings.lamina_state_dir / "logs", "up")
    command = [sys.executable, "-m", "scripts.cli", "up", *([] if with_worker else ["--no-worker"])]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    while process.poll() is None:
        state = load(settings)
        if state and state.ready and state.pids.get(SUPERVISOR) == process.pid:
            return state
        time.sleep(0.05)
    raise PartFailed("the platform", "did not start", log)


def stop_running(settings: StackSettings) -> bool:
    """Stops whatever this checkout's platform left running; False when there was nothing."""
    state = load(settings)
    if state is None:
        return False
    was_running = state.is_alive(SUPERVISOR)
    if was_running:
        _terminate(state.pids[SUPERVISOR], patience=45)
        state = load(settings) or state
    swept = sweep(state)
    cluster = _cluster(settings, state)
    was_running = was_running or swept or cluster.is_running()
    cluster.stop()
    state.forget()
    save(state, state_file(settings))
    return was_running


def sweep(state: State) -> bool:
    """Ends parts that outlived their supervisor; True when there were any."""
    orphans = [part for part in state.pids if part != SUPERVISOR and state.is_alive(part)]
    for part in reversed(orphans):
        _terminate(state.pids[part], patience=10)
    return bool(orphans)


def delete_data(settings: StackSettings) -> None:
    """Removes rows and files of a stopped platform; ports and keys stay."""
    data = settings.lamina_state_dir / "pgdata"
    shutil.rmtree(data.resolve(), ignore_errors=True)
    shutil.rmtree(settings.lamina_state_dir / "lite", ignore_errors=True)
    for file in settings.lamina_state_dir.glob("stripe-offline.sqlite3*"):
        file.unlink(missing_ok=True)


def delete_everything(settings: StackSettings) -> None:
    """Removes data, files, logs and keys of a stopped platform."""
    delete_data(settings)
    shutil.rmtree(settings.lamina_state_dir, ignore_errors=True)


def reload_doors(settings: StackSettings | None = None) -> None:
    """Makes the running platform see a changed schema; nothing happens when none runs."""
    state = load(settings)
    if state and state.is_alive(SUPERVISOR):
        os.kill(state.pids[SUPERVISOR], signal.SIGHUP)


def listen_to_signals() -> Wishes:
    """SIGINT and SIGTERM stop, SIGHUP makes the doors read the schema anew."""
    wishes = Wishes()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: wishes.stop.set())
    signal.signal(signal.SIGHUP, lambda *_: wishes.reload.set())
    return wishes


def _cluster(settings: StackSettings, state: State) -> Cluster:
    folder: Path = settings.lamina_state_dir
    return Cluster(folder / "pgdata", port=state.ports["postgres"], password=state.password)


def _terminate(pid: int, *, patience: float) -> None:
    try:
        process = psutil.Process(pid)
        process.terminate()
        process.wait(patience)
    except psutil.TimeoutExpired:
        process.kill()
    except psutil.NoSuchProcess:
        return
