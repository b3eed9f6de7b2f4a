"""Fixtures for every test: ``db`` is a fresh migrated database, ``cast`` the people in it."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.support.actors import Cast
from tests.support.clusters import ROOT_VARIABLE, SharedRoot, migrated_template, platform_template
from tests.support.database import Database, cast_template, fresh_database

_root = pytest.StashKey[SharedRoot]()


def pytest_configure(config: pytest.Config) -> None:
    if ROOT_VARIABLE not in os.environ:  # xdist workers inherit it
        config.stash[_root] = SharedRoot.create()


def pytest_unconfigure(config: pytest.Config) -> None:
    if root := config.stash.get(_root, None):
        root.close()
        os.environ.pop(ROOT_VARIABLE, None)


@pytest.fixture(scope="session", autouse=True)
def _shared_tls() -> Iterator[None]:
    """The clients of vendors share what they trust: reading root certificates takes 16 ms."""
    make = ssl.create_default_context
    trusting = cache(lambda cafile: make(cafile=cafile))

    def remembering(*given: Any, **named: Any) -> ssl.SSLContext:
        only_a_file = not given and named.keys() == {"cafile"}
        return trusting(**named) if only_a_file else make(*given, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", remembering)
        yield


@pytest.fixture
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database with the platform and all migrations; yours alone, dropped afterwards."""
    template = cast_template()[0] if "cast" in request.fixturenames else migrated_template()
    with fresh_database(template=template) as database:
        yield database


@pytest.fixture
def cast(db: Database) -> Cast:
    """The named people, in ``db``."""
    return cast_template()[1]


@pytest.fixture(scope="session")
def shared_db() -> Iterator[Database]:
    """One migrated database for all tests of a process that only read it or roll back what they write."""
    with fresh_database(template=migrated_template()) as database:
        yield database


@pytest.fixture(scope="session")
def shared_cast(shared_db: Database) -> Cast:
    """The named people, in ``shared_db``."""
    return shared_db.make_cast()


@pytest.fixture
def platform_db() -> Iterator[Database]:
    """A fresh database with the platform and no migration."""
    with fresh_database(template=platform_template()) as database:
        yield database


@pytest.fixture
def free_port() -> int:
    """A port on 127.0.0.1 on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
