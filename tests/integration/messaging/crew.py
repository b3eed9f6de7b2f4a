"""A platform with its real door, worker processes that may be killed, ManyChat and a model beside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scripts.stack.cluster import free_port
from scripts.stack.parts import server_environment
from scripts.stack.processes import Child, Part
from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import delete_everything, start_detached, stop_running
from tests.support.clusters import state_folder
from tests.support.echo_model import echo_process
from tests.support.manychat import manychat_process

LEASE_SECONDS = 4


@dataclass
class Crew:
    """Workers as processes on one platform; ``manychat`` is the address of ManyChat's side."""

    state: State
    manychat: str
    model: str
    folder: Path
    workers: list[Child] = field(default_factory=list)

    def hire(self, count: int) -> None:
        """Starts so many more, and waits until they take jobs."""
        hired = [self._worker(len(self.workers) + number) for number in range(count)]
        self.workers += hired
        for worker in hired:
            worker.wait_until_ready()

    def kill_one(self) -> None:
        """The first, at once and without a word."""
        self.workers[0].process.kill()
        self.workers[0].process.wait()

    def dismiss(self) -> None:
        """Stops those that are left, in order."""
        for worker in self.workers:
            worker.stop()

    def _worker(self, number: int) -> Child:
        port = free_port()
        part = Part(
            f"worker-{number}",
            [sys.executable, "-m", "worker"],
            self._environment(port),
            PROJECT,
            f"http://127.0.0.1:{port}/readyz",
            grace_seconds=30.0,
        )
        return Child(part, self.folder)

    def _environment(self, port: int) -> dict[str, str]:
        return {
            **os.environ,
            **server_environment(self.state),
            "LAMINA_DB_URL": self.state.worker_db_url,
            "LAMINA_HEALTH_PORT": str(port),
            "LAMINA_LEASE_SECONDS": str(LEASE_SECONDS),
            "LAMINA_EMBEDDINGS_PROVIDER": "offline",
            "LAMINA_EMAIL_PROVIDER": "offline",
            "LAMINA_MAILBOX_DIR": str(self.folder / "mailbox"),
            "LAMINA_LLM_PROVIDER": "openai",
            "OPENAI_API_KEY": "test",
            "OPENAI_BASE_URL": self.model,
            "LAMINA_CHAT_PROVIDER": "manychat",
            "MANYCHAT_BASE_URL": self.manychat,
        }


@contextmanager
def crew() -> Iterator[Crew]:
    """A platform in a folder of its own, without workers yet."""
    with ExitStack() as stack:
        folder = stack.enter_context(state_folder())
        stack.enter_context(_environment(folder))
        settings = StackSettings(lamina_port=0, lamina_db_port=0, lamina_state_dir=folder)
        stack.callback(delete_everything, settings)
        stack.callback(stop_running, settings)
        state = start_detached(settings, with_worker=False)
        manychat = stack.enter_context(manychat_process())
        hired = Crew(state, manychat, stack.enter_context(echo_process()), folder)
        stack.callback(hired.dismiss)
        yield hired


@contextmanager
def _environment(folder: Path) -> Iterator[None]:
    before = os.environ.get("LAMINA_STATE_DIR")
    os.environ["LAMINA_STATE_DIR"] = str(folder)
    try:
        yield
    finally:
        os.environ.pop("LAMINA_STATE_DIR")
        os.environ |= {} if before is None else {"LAMINA_STATE_DIR": before}
