"""What a join asks for."""

from __future__ import annotations

from typing import Any

import pytest

from scripts.stack.realtime.joining import Refused, Replay, wishes_of
from scripts.stack.realtime.protocol import Frame


def join(topic: str = "realtime:room", token: Any = None, **config: Any) -> Frame:
    payload = {"config": config} | ({} if token is None else {"access_token": token})
    return Frame(topic, "phx_join", payload, "1", "1")


def test_nothing_is_asked_for() -> None:
    wishes = wishes_of(join())
    assert (wishes.name, wishes.token, wishes.is_private, wishes.has_presence) == ("room", None, False, False)
    assert not wishes.wants_ack
    assert not wishes.wants_self
    assert wishes.presence_key != wishes_of(join()).presence_key


def test_everything_is() -> None:
    wishes = wishes_of(
        join(
            token="t",
            private=True,
            broadcast={"ack": True, "self": True, "replay": {"since": 5}, "replication_ready": True},
            presence={"key": "ann", "enabled": True},
            postgres_changes=[],
        )
    )
    assert (wishes.token, wishes.is_private, wishes.wants_ack, wishes.wants_self) == ("t", True, True, True)
    assert (wishes.presence_key, wishes.has_presence) == ("ann", True)
    assert (wishes.replay, wishes.waits_for_database) == (Replay(5, 25), True)


@pytest.mark.parametrize(("limit", "most"), [(None, 25), (0, 25), (3, 3), (26, 25), (-5, 1)])
def test_replay_has_bounds(limit: int | None, most: int) -> None:
    wishes = wishes_of(join(private=True, broadcast={"replay": {"since": 0, "limit": limit}}))
    assert wishes.replay == Replay(0, most)


def test_a_key_is_no_token() -> None:
    assert wishes_of(join(token="sb_secret_x")).token is None


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (join("realtime:"), "TopicNameRequired"),
        (join("room"), "TopicNameRequired"),
        (join("realtime:" + "x" * 256), "TopicNameRequired"),
        (join(token=5), "InvalidJoinPayload"),
        (join(broadcast=[1]), "InvalidJoinPayload"),
        (join(presence="yes"), "InvalidJoinPayload"),
        (Frame("realtime:room", "phx_join", {"config": "yes"}), "InvalidJoinPayload"),
        (join(postgres_changes=[{"event": "*"}]), "PostgresChangesNotSupported"),
        (join(broadcast={"replay": {"since": 5}}), "UnableToReplayMessages"),
        (join(private=True, broadcast={"replay": {"since": None, "limit": 2}}), "UnableToReplayMessages"),
        (join(private=True, broadcast={"replay": {"since": 10**15}}), "UnableToReplayMessages"),
    ],
)
def test_what_cannot_be_is_refused(frame: Frame, code: str) -> None:
    with pytest.raises(Refused, match=f"^{code}: "):
        wishes_of(frame)
