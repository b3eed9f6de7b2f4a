"""What a local platform keeps between starts: keys, ports, and who runs it now."""

from __future__ import annotations

import json
import os
import secrets
import socket
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from scripts.stack.cluster import free_port
from scripts.stack.lite import Keys
from scripts.stack.settings import StackSettings

PORTS = ("gateway", "postgres", "lite", "functions", "worker")


@dataclass(slots=True)
class State:
    """``pids`` is empty while nothing runs; ``started`` guards against reused process ids.

    What has a default may be missing in files of older versions.
    """

    publishable_key: str
    secret_key: str
    jwt_secret: str
    password: str
    worker_password: str
    ports: dict[str, int]
    stripe_offline_key: str = field(default_factory=lambda: f"sk_test_offline_{secrets.token_hex(24)}")
    stripe_offline_webhook_secret: str = field(
        default_factory=lambda: f"whsec_offline_{secrets.token_hex(24)}"
    )
    pids: dict[str, int] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    ready: bool = False

    @property
    def url(self) -> str:
        """Of all doors."""
        return f"http://127.0.0.1:{self.ports['gateway']}"

    @property
    def db_url(self) -> str:
        """Login as postgres."""
        return self.dsn("postgres")

    @property
    def worker_db_url(self) -> str:
        """Login as the worker's own role."""
        return self.dsn("lamina_worker", self.worker_password)

    @property
    def keys(self) -> Keys:
        """What @supabase/lite and the gateway accept."""
        return Keys(self.publishable_key, self.secret_key, self.jwt_secret)

    def dsn(self, user: str, password: str | None = None) -> str:
        """A URL that every client library understands."""
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.ports['postgres']}/postgres"

    def is_alive(self, part: str) -> bool:
        """The process that was started as this part still runs."""
        pid = self.pids.get(part)
        try:
            return pid is not None and psutil.Process(pid).create_time() == self.started[part]
        except psutil.Error:
            return False

    def remember(self, part: str, pid: int) -> None:
        """Notes a started process."""
        self.pids[part] = pid
        self.started[part] = psutil.Process(pid).create_time()

    def forget(self) -> None:
        """Nothing runs any more."""
        self.pids.clear()
        self.started.clear()
        self.ready = False


def state_file(settings: StackSettings) -> Path:
    """Where it is kept."""
    return settings.lamina_state_dir / "state.json"


def load(settings: StackSettings | None = None) -> State | None:
    """The platform of this checkout; None before its first start."""
    path = state_file(settings or StackSettings())
    if not path.exists():
        return None
    return State(**json.loads(path.read_text("utf-8")))


def save(state: State, path: Path) -> None:
    """Atomic, readable by the owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)  # made with mode 0600
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file, indent=2)
    Path(name).replace(path)


def new_state(settings: StackSettings) -> State:
    """Fresh keys and free ports."""
    return State(
        publishable_key=f"sb_publishable_{secrets.token_urlsafe(24)}",
        secret_key=f"sb_secret_{secrets.token_urlsafe(24)}",
        jwt_secret=secrets.token_hex(32),
        password=secrets.token_hex(16),
        worker_password=secrets.token_hex(16),
        ports=settle_ports(settings, {}),
    )


def settle_ports(settings: StackSettings, kept: dict[str, int]) -> dict[str, int]:
    """The ports that were set; else those of last time, if nobody took them; else free ones."""
    wanted = {"gateway": settings.lamina_port, "postgres": settings.lamina_db_port}
    ports: dict[str, int] = {}
    for part in PORTS:
        port = wanted.get(part) or kept.get(part, 0)
        ports[part] = port if port and (wanted.get(part) or is_free(port)) else free_port()
    return ports


def is_free(port: int) -> bool:
    """Nothing listens there on 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
