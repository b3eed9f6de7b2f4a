"""Who is here."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scripts.stack.realtime.presence import Diff, Metas, Presence


def moods(metas: Metas) -> dict[str, list[object]]:
    return {key: [meta["mood"] for meta in entry["metas"]] for key, entry in metas.items()}


def test_arrival_change_departure() -> None:
    presence = Presence()
    came = presence.track("ann", 1, {"mood": "calm"})
    assert came is not None
    assert (moods(came["joins"]), came["leaves"]) == ({"ann": ["calm"]}, {})
    changed = presence.track("ann", 1, {"mood": "glad"})
    assert changed is not None
    assert (moods(changed["joins"]), moods(changed["leaves"])) == ({"ann": ["glad"]}, {"ann": ["calm"]})
    before, after = changed["leaves"]["ann"]["metas"][0], changed["joins"]["ann"]["metas"][0]
    assert after["phx_ref_prev"] == before["phx_ref"] != after["phx_ref"]
    assert "phx_ref_prev" not in before
    left = presence.untrack("ann", 1)
    assert left is not None
    assert (left["joins"], moods(left["leaves"])) == ({}, {"ann": ["glad"]})
    assert presence.is_empty()


def test_the_same_again_is_no_news() -> None:
    presence = Presence()
    presence.track("ann", 1, {"mood": "calm"})
    presence.track("ann", 1, {"mood": "glad"})
    assert presence.track("ann", 1, {"mood": "glad"}) is None


def test_who_was_not_here_does_not_leave() -> None:
    assert Presence().untrack("ann", 1) is None


def test_references_are_the_servers() -> None:
    presence = Presence()
    came = presence.track("ann", 1, {"phx_ref": "mine", "phx_ref_prev": "too", "mood": "sly"})
    assert came is not None
    meta = came["joins"]["ann"]["metas"][0]
    assert meta["phx_ref"] != "mine"
    assert "phx_ref_prev" not in meta


moves = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.integers(0, 2) | st.none()), max_size=30
)


@given(moves)
def test_diffs_add_up_to_the_state(moves: list[tuple[str, int, int | None]]) -> None:
    presence = Presence()
    seen: dict[str, str] = {}
    for key, owner, mood in moves:
        diff = presence.untrack(key, owner) if mood is None else presence.track(key, owner, {"mood": mood})
        _apply(seen, diff)
    state = presence.state()
    assert seen == {meta["phx_ref"]: key for key, entry in state.items() for meta in entry["metas"]}
    assert presence.is_empty() == (not seen)


def _apply(seen: dict[str, str], diff: Diff | None) -> None:
    if diff is None:
        return
    for key, entry in diff["joins"].items():
        seen.update({meta["phx_ref"]: key for meta in entry["metas"]})
    for entry in diff["leaves"].values():
        for meta in entry["metas"]:
            del seen[meta["phx_ref"]]
