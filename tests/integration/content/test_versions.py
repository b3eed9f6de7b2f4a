"""An old version comes back as a new one, against the newest only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from tests.integration.content.desk import TEXT, Desk
from tests.integration.identity.calls import refused
from tests.support.actors import Actor


def restore(desk: Desk, version: int, expected: int, actor: Actor | None = None) -> int:
    given = {"document_id": desk.document, "version": version, "expected_version": expected}
    found: int = desk.call(actor or desk.cast.editor, "restore_document_version", **given)[0]["version"]
    return found


def test_what_was_is_again_and_nothing_is_lost(desk: Desk) -> None:
    desk.save("All new.", 1)
    assert restore(desk, 1, 2, desk.cast.marketing) == 3
    rows = desk.db.rows(
        "select version, content, restored_from, created_by from public.document_versions"
        " where document_id = %s order by version",
        desk.document,
    )
    assert [row[:3] for row in rows] == [(1, TEXT, None), (2, "All new.", None), (3, TEXT, 1)]
    assert rows[2][3] == desk.cast.marketing.user_id
    waiting = "select count(*) from public.jobs where subject_id = %s and status = 'queued'"
    assert desk.db.value(waiting, desk.document) == 3
    status = desk.db.value("select status from public.documents where id = %s", desk.document)
    assert status == "pending"


def test_the_newest_must_be_the_expected_one(desk: Desk) -> None:
    desk.save("All new.", 1)
    with refused(409, "document.version_conflict"):
        restore(desk, 1, 1)
    with refused(404, "document.version_not_found"):
        restore(desk, 7, 2)


def test_a_conflict_names_the_newest_version_for_machines(desk: Desk) -> None:
    desk.save("All new.", 1)
    for attempt in (lambda: desk.save("Mine.", 1), lambda: restore(desk, 1, 1)):
        with pytest.raises(psycopg.Error) as caught:
            attempt()
        assert (caught.value.diag.message_hint or "").startswith("version=2;")


def test_a_first_version_has_no_difference(desk: Desk) -> None:
    def diff(**given: int) -> Any:
        return desk.call(desk.cast.viewer, "document_diff", document_id=desk.document, **given)[0]

    assert diff()["document_diff"] == {"from": 1, "to": 1, "hunks": []}
    desk.save("All new.", 1)
    assert diff()["document_diff"]["from"] == 1
    assert diff()["document_diff"]["hunks"] != []
    assert diff(to=1)["document_diff"]["hunks"] == []
    with refused(404, "document.version_not_found"):
        diff(**{"from": 0})


def test_only_who_writes_restores(desk: Desk) -> None:
    with refused(403, "workspace.forbidden"):
        restore(desk, 1, 1, desk.cast.sales)
    with refused(404, "document.not_found"):
        restore(desk, 1, 1, desk.cast.stranger)
    desk.db.admin.execute("update public.documents set kind = 'pdf' where id = %s", (desk.document,))
    with refused(409, "document.not_text"):
        restore(desk, 1, 1)


def test_of_ten_at_once_one_wins(desk: Desk) -> None:
    def attempt(number: int) -> str:
        try:
            restore(desk, 1, 1) if number % 2 else desk.save(f"Text {number}.", 1)
        except psycopg.Error as error:
            return str(error.diag.message_detail)
        return "won"

    with ThreadPoolExecutor(10) as pool:
        ends = sorted(pool.map(attempt, range(10)))
    assert ends == ["document.version_conflict"] * 9 + ["won"]
    count = "select count(*) from public.document_versions where document_id = %s"
    assert desk.db.value(count, desk.document) == 2


def test_the_difference_of_two_versions(desk: Desk) -> None:
    desk.save(TEXT.replace("six", "seven") + "\nNo fishing.", 1)
    found = desk.call(desk.cast.viewer, "document_diff", document_id=desk.document)[0]["document_diff"]
    assert found == {
        "from": 1,
        "to": 2,
        "hunks": [
            {
                "from_line": 1,
                "from_count": 3,
                "to_line": 1,
                "to_count": 4,
                "lines": [
                    "-The harbour opens at six.",
                    "+The harbour opens at seven.",
                    " Pilots wait at the mole.",
                    " It closes at nine.",
                    "+No fishing.",
                ],
            }
        ],
    }
    back = desk.call(desk.cast.viewer, "document_diff", document_id=desk.document, **{"from": 2, "to": 1})
    assert back[0]["document_diff"]["hunks"][0]["lines"][0] == "-The harbour opens at seven."
    same = desk.call(desk.cast.viewer, "document_diff", document_id=desk.document, **{"from": 2, "to": 2})
    assert same[0]["document_diff"]["hunks"] == []


def test_line_ends_are_no_difference(desk: Desk) -> None:
    desk.save(TEXT.replace("\n", "\r\n"), 1)
    found = desk.call(desk.cast.viewer, "document_diff", document_id=desk.document)
    assert found[0]["document_diff"]["hunks"] == []


def test_what_cannot_be_compared_is_said(desk: Desk) -> None:
    with refused(404, "document.version_not_found"):
        desk.call(desk.cast.viewer, "document_diff", document_id=desk.document, to=7)
    for actor, document in ((desk.cast.stranger, desk.document), (desk.cast.viewer, uuid4())):
        with refused(404, "document.not_found"):
            desk.call(actor, "document_diff", document_id=document)


@pytest.mark.parametrize("content", ["\n".join(f"{n}" for n in range(1, 1001)), "x\n" * 20_000])
def test_the_comparison_is_bounded(desk: Desk, content: str) -> None:
    desk.save(content, 1)
    with refused(413, "document.diff_too_large"):
        desk.call(desk.cast.viewer, "document_diff", document_id=desk.document)
