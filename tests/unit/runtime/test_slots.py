"""When the worker asks for work, and for how much."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from worker.runtime.slots import Slots


def test_at_first_every_lane_is_asked_for_all_its_slots() -> None:
    assert Slots({"bulk": 4, "ingest": 2}).ask() == {"bulk": 4, "ingest": 2}


def test_an_empty_lane_is_not_asked_again_until_a_hint() -> None:
    slots = Slots({"bulk": 4})
    slots.learn(slots.ask(), [])
    assert slots.ask() == {}
    slots.hint(["bulk"])
    assert slots.ask() == {"bulk": 4}


def test_a_hint_while_the_claim_is_on_its_way_is_not_lost() -> None:
    slots = Slots({"bulk": 4})
    quotas = slots.ask()
    slots.hint(["bulk"])
    slots.learn(quotas, [])
    assert slots.ask() == {"bulk": 4}


def test_a_lane_that_gave_all_may_have_more_once_a_slot_is_free() -> None:
    slots = Slots({"bulk": 2})
    slots.learn(slots.ask(), ["bulk", "bulk"])
    slots.take("bulk")
    slots.take("bulk")
    assert slots.ask() == {}
    slots.changed.clear()
    slots.give_back("bulk")
    assert slots.changed.is_set()
    assert slots.ask() == {"bulk": 1}


def test_a_free_slot_of_an_empty_lane_wakes_nobody() -> None:
    slots = Slots({"bulk": 2})
    slots.learn(slots.ask(), ["bulk"])
    slots.take("bulk")
    slots.changed.clear()
    slots.give_back("bulk")
    assert not slots.changed.is_set()


def test_hints_of_lanes_that_this_worker_does_not_serve_are_ignored() -> None:
    slots = Slots({"bulk": 1})
    slots.learn(slots.ask(), [])
    slots.hint(["outbound"])
    assert slots.ask() == {}


@given(st.lists(st.sampled_from(["ask", "hint", "take", "give_back"])), st.integers(0, 5))
def test_never_more_than_the_limit_is_asked_for(moves: list[str], limit: int) -> None:
    slots = Slots({"bulk": limit})
    running = 0
    for move in moves:
        if move == "hint":
            slots.hint()
        elif move == "ask":
            assert slots.ask().get("bulk", 0) <= limit - running
        elif move == "take" and running < limit:
            slots.take("bulk")
            running += 1
        elif move == "give_back" and running:
            slots.give_back("bulk")
            running -= 1
