"""The difference leads from one text to the other, and no shorter one does."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.database import Database

Hunk = dict[str, Any]
texts = st.lists(st.sampled_from(["", "a", "b", "A", "é", " a", "+", "-"]), min_size=1, max_size=25)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """Two texts that have much in common, or nothing."""
    old = draw(texts)
    if draw(st.booleans()):
        return old, draw(texts)
    new = [line for line in old * 2 if draw(st.integers(0, 5))]
    return old * 2, new or ["x"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pair=pairs())
def test_it_leads_there_on_the_shortest_way(shared_db: Database, pair: tuple[list[str], list[str]]) -> None:
    old, new = pair
    hunks: list[Hunk] = shared_db.value("select app.diff_hunks(%s::text[], %s::text[])", old, new)
    assert applied(old, hunks) == new
    changed = sum(line[0] != " " for hunk in hunks for line in hunk["lines"])
    assert changed == len(old) + len(new) - 2 * longest_common(old, new)


def test_far_changes_stand_apart_with_three_lines_around(shared_db: Database) -> None:
    old = [str(number) for number in range(40)]
    new = [line for line in old if line != "10"] + ["end"]
    hunks = shared_db.value("select app.diff_hunks(%s, %s)", old, new)
    assert [(hunk["from_line"], hunk["from_count"], hunk["to_line"], hunk["to_count"]) for hunk in hunks] == [
        (8, 7, 8, 6),
        (38, 3, 37, 4),
    ]
    assert hunks[1]["lines"] == [" 37", " 38", " 39", "+end"]


def applied(old: list[str], hunks: list[Hunk]) -> list[str]:
    """What a patch program makes of ``old``; each hunk must fit where it says it does."""
    new: list[str] = []
    at = 0
    for hunk in hunks:
        new += old[at : hunk["from_line"] - 1]
        at = hunk["from_line"] - 1 + hunk["from_count"]
        before = [line[1:] for line in hunk["lines"] if line[0] != "+"]
        after = [line[1:] for line in hunk["lines"] if line[0] != "-"]
        assert before == old[hunk["from_line"] - 1 : at]
        assert (len(new) + 1, len(after)) == (hunk["to_line"], hunk["to_count"])
        new += after
    return new + old[at:]


def longest_common(old: list[str], new: list[str]) -> int:
    """Length of the longest common subsequence, by the table."""
    row = [0] * (len(new) + 1)
    for left in old:
        last, row = row, [0]
        for at, right in enumerate(new):
            row.append(last[at] + 1 if left == right else max(last[at + 1], row[at]))
    return row[-1]
