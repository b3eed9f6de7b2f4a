"""Hybrid search: who may, what is found, in which order, and never less than there is."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest

from tests.integration.identity.calls import denied, refused
from tests.integration.knowledge.house import House, Row, paragraphs
from tests.integration.knowledge.shelves import (
    MODEL,
    Vector,
    add_chunks,
    add_crowd,
    add_document,
    cosine_distance,
    halved,
    random_vector,
    unit,
)
from tests.support.actors import Actor, Cast
from worker.db.halfvec import to_text
from worker.providers.embeddings.port import DIMENSIONS

NO_WORD = "qqqqq"
AXIS: list[Vector] = [[1.0 if place == axis else 0.0 for place in range(DIMENSIONS)] for axis in range(4)]


def find(
    house: House,
    actor: Actor,
    workspace_id: UUID,
    query: str,
    vector: Vector | None = None,
    *,
    model: str = MODEL,
    documents: Sequence[UUID] | None = None,
    limit: int | None = 10,
) -> list[Row]:
    """public.search_chunks, as this user."""
    given: list[Any] = [workspace_id, query, vector and to_text(vector), vector and model]
    return house.call_rows(
        actor, "search_chunks", *given, None if documents is None else list(documents), limit
    )


def ids(hits: Sequence[Row]) -> list[int]:
    return [hit["chunk_id"] for hit in hits]


def leaning(towards: int, by: float) -> Vector:
    """Between the first axis (0) and another one (1)."""
    values = [0.0] * DIMENSIONS
    values[0], values[towards] = 1.0 - by, by
    return unit(values)


def test_members_find_and_strangers_do_not(house: House, cast: Cast) -> None:
    document_id = add_document(house.db, cast.workspace_id)
    (chunk_id,) = add_chunks(house.db, document_id, ["the river of the valley"], [AXIS[0]])
    for actor in cast.members():
        assert ids(find(house, actor, cast.workspace_id, "river", AXIS[0])) == [chunk_id]
    with refused(404, "workspace.not_found"):
        find(house, cast.stranger, cast.workspace_id, "river", AXIS[0])
    with denied(), house.db.as_anon() as cursor:
        cursor.execute("select * from public.search_chunks(%s, 'river')", (cast.workspace_id,))
    with denied(), house.db.as_user(cast.owner) as cursor:
        cursor.execute(
            "select * from app.search_chunks_of(%s, 'river', null, null, null, 10)", (cast.workspace_id,)
        )
    with house.db.as_user(cast.stranger) as cursor:
        assert cursor.execute("select id from public.chunks").fetchall() == []
        assert cursor.execute("select id from public.documents").fetchall() == []


def test_a_former_member_finds_nothing(house: House, cast: Cast) -> None:
    add_chunks(house.db, add_document(house.db, cast.workspace_id), ["the river"], [AXIS[0]])
    assert find(house, cast.viewer, cast.workspace_id, "river")
    house.call(cast.owner, "remove_member", cast.workspace_id, cast.viewer.user_id)
    with refused(404, "workspace.not_found"):
        find(house, cast.viewer, cast.workspace_id, "river")


def test_another_workspace_stays_out_whatever_is_asked_for(house: House, cast: Cast) -> None:
    own = house.call(cast.stranger, "create_workspace", "Own")["id"]
    secret = add_document(house.db, cast.workspace_id, "Secret")
    add_chunks(house.db, secret, ["the secret river"], [AXIS[0]])
    (mine,) = add_chunks(house.db, add_document(house.db, own), ["my secret river"], [AXIS[1]])
    assert ids(find(house, cast.stranger, own, "secret river", AXIS[0])) == [mine]
    assert find(house, cast.stranger, own, "secret river", AXIS[0], documents=[secret]) == []


def test_the_search_keeps_to_the_given_documents(house: House, cast: Cast) -> None:
    first, second, third = (add_document(house.db, cast.workspace_id, title) for title in "abc")
    of = {
        document: add_chunks(house.db, document, ["the river"] * 3, [AXIS[0]] * 3)
        for document in (first, second, third)
    }
    for wanted in ([first], [first, third], []):
        hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0], documents=wanted)
        assert sorted(ids(hits)) == sorted(chunk for document in wanted for chunk in of[document])
    assert len(find(house, cast.viewer, cast.workspace_id, "river", AXIS[0])) == 9


def test_the_vector_part_is_exact(house: House, cast: Cast) -> None:
    """Recall of the nearest ten, against distances computed here: 1.0, and in their order."""
    numbers = random.Random(20)
    vectors = [random_vector(numbers) for _ in range(150)]
    document_id = add_document(house.db, cast.workspace_id)
    chunk_ids = add_chunks(house.db, document_id, ["passage"] * len(vectors), vectors)
    for _ in range(5):
        query = random_vector(numbers)
        nearest = sorted(
            zip(chunk_ids, vectors, strict=True), key=lambda pair: cosine_distance(query, pair[1])
        )
        hits = find(house, cast.viewer, cast.workspace_id, NO_WORD, query)
        assert ids(hits) == [chunk_id for chunk_id, _ in nearest[:10]]
        assert [hit["vector_rank"] for hit in hits] == list(range(1, 11))
        assert {hit["text_rank"] for hit in hits} == {None}


def test_a_small_tenant_among_big_ones_gets_all_it_asks_for(house: House, cast: Cast) -> None:
    """Other workspaces are full of what is nearest: filtering after the search would leave nothing."""
    for name in ("Big", "Bigger"):
        big = house.call(cast.stranger, "create_workspace", name)["id"]
        add_crowd(house.db, add_document(house.db, big), 1500, "the river of the valley", AXIS[0])
    far = [halved(leaning(1, 0.9)) for _ in range(12)]
    document_id = add_document(house.db, cast.workspace_id)
    chunk_ids = set(add_chunks(house.db, document_id, ["hills and meadows"] * 12, far))
    for query in ("river", NO_WORD):
        hits = find(house, cast.viewer, cast.workspace_id, query, AXIS[0])
        assert len(hits) == 10
        assert set(ids(hits)) <= chunk_ids
    house.db.admin.execute("analyze public.chunks")
    assert len(find(house, cast.viewer, cast.workspace_id, "river", AXIS[0])) == 10


def test_a_small_document_among_big_ones_gets_all_it_asks_for(house: House, cast: Cast) -> None:
    add_crowd(house.db, add_document(house.db, cast.workspace_id), 1000, "the river of the valley", AXIS[0])
    small = add_document(house.db, cast.workspace_id)
    chunk_ids = add_chunks(house.db, small, ["hills"] * 10, [halved(leaning(1, 0.9))] * 10)
    hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0], documents=[small])
    assert sorted(ids(hits)) == chunk_ids


def test_as_many_as_asked_for_within_bounds(house: House, cast: Cast) -> None:
    add_crowd(house.db, add_document(house.db, cast.workspace_id), 80, "the river", AXIS[0])
    for limit, expected in ((1, 1), (25, 25), (50, 50), (60, 50), (0, 1), (-3, 1), (None, 50)):
        hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0], limit=limit)
        assert len(hits) == expected, limit


def test_equals_come_in_the_order_of_their_making(house: House, cast: Cast) -> None:
    """So that the same search gives the same answer."""
    add_crowd(house.db, add_document(house.db, cast.workspace_id), 80, "the river", AXIS[0])
    first = house.db.value("select min(id) from public.chunks")
    for query, vector in (("river", None), (NO_WORD, AXIS[0]), ("river", AXIS[0])):
        hits = find(house, cast.viewer, cast.workspace_id, query, vector)
        assert ids(hits) == list(range(first, first + 10))


def test_ranks_are_fused_by_their_reciprocals(house: House, cast: Cast) -> None:
    document_id = add_document(house.db, cast.workspace_id)
    texts = [" ".join(["river"] * (place % 7) + ["hill"] * 5 + [f"w{place}"]) for place in range(60)]
    vectors = [halved(leaning(1, place * 17 % 60 / 61)) for place in range(60)]
    add_chunks(house.db, document_id, texts, vectors)
    by_vector = ids(find(house, cast.viewer, cast.workspace_id, NO_WORD, AXIS[0], limit=50))
    by_text = ids(find(house, cast.viewer, cast.workspace_id, "river", limit=50))
    scores: dict[int, float] = {}
    for ranking in (by_vector, by_text):
        for rank, chunk_id in enumerate(ranking, 1):
            scores[chunk_id] = scores.get(chunk_id, 0.0) + 1 / (60 + rank)
    expected = sorted(scores, key=lambda chunk_id: (-scores[chunk_id], chunk_id))[:20]
    hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0], limit=20)
    assert ids(hits) == expected
    assert [hit["score"] for hit in hits] == pytest.approx([scores[chunk_id] for chunk_id in expected])


def test_what_both_parts_like_comes_before_what_one_likes_best(house: House, cast: Cast) -> None:
    document_id = add_document(house.db, cast.workspace_id)
    near, both = add_chunks(
        house.db, document_id, ["hills", "a river bed"], [AXIS[0], halved(leaning(1, 0.2))]
    )
    (worded,) = add_chunks(house.db, document_id, ["river river river"], [AXIS[0]], model="other:model")
    hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0])
    assert ids(hits) == [both, near, worded]
    assert [(hit["vector_rank"], hit["text_rank"]) for hit in hits] == [(2, 2), (1, None), (None, 1)]


def test_a_vector_meets_only_chunks_of_its_own_model(house: House, cast: Cast) -> None:
    document_id = add_document(house.db, cast.workspace_id)
    add_chunks(house.db, document_id, ["hills"], [AXIS[0]], model="other:model")
    (worded,) = add_chunks(house.db, document_id, ["the river"], [AXIS[0]], model="other:model")
    (own,) = add_chunks(house.db, document_id, ["meadows"], [AXIS[1]])
    assert ids(find(house, cast.viewer, cast.workspace_id, NO_WORD, AXIS[0])) == [own]
    hits = find(house, cast.viewer, cast.workspace_id, "river", AXIS[0])  # words are words in any model
    assert {hit["chunk_id"]: hit["vector_rank"] for hit in hits} == {own: 1, worded: None}
    assert find(house, cast.viewer, cast.workspace_id, NO_WORD, AXIS[0], model="no:model") == []


def test_a_query_that_is_none_is_refused(house: House, cast: Cast) -> None:
    for query in ("", "   ", "\n\t", None, "x" * 2001):
        for function in ("search_chunks", "start_search"):
            with refused(400, "search.bad_query"):
                house.call(cast.viewer, function, cast.workspace_id, query)


def test_any_query_is_only_words(house: House, cast: Cast) -> None:
    document_id = add_document(house.db, cast.workspace_id)
    (chunk_id,) = add_chunks(house.db, document_id, ["the river"], [AXIS[0]])
    for query in (
        "O'Brien's \"river\" & | ! <-> :* ()",
        "\\ river \\'",
        "river:*",
        "'; drop table river; --",
        "%s %(river)s",
        "🦊 river",
        "a & b | 'c d' & river",
        "https://a.test/?b=c&d=e river",
        "the of river",
    ):
        assert ids(find(house, cast.viewer, cast.workspace_id, query)) == [chunk_id], query


def test_words_that_say_nothing_find_nothing(house: House, cast: Cast) -> None:
    add_chunks(house.db, add_document(house.db, cast.workspace_id), ["the river of the valley"], [AXIS[0]])
    for query in ("the of and", "& | !", "...", NO_WORD):
        assert find(house, cast.viewer, cast.workspace_id, query) == []


def test_a_vector_of_another_width_is_refused(house: House, cast: Cast) -> None:
    add_chunks(house.db, add_document(house.db, cast.workspace_id), ["the river"], [AXIS[0]])
    with pytest.raises(psycopg.DataError):
        find(house, cast.viewer, cast.workspace_id, "river", [1.0, 0.0])


LANGUAGES = {
    "english": ("The owners of the houses were running along the river, never for the first.", "run house"),
    "french": ("Les chevaux de la ferme sont dans le pré et ils ne sont pas pour la vente.", "cheval"),
    "german": ("Die Häuser und die Gärten sind nicht für den Verkauf, das ist mit dem Amt geklärt.", "Haus"),
    "spanish": ("Las canciones de la región son para los niños que no se van con la noche.", "canción"),
    "italian": ("Le biblioteche della città non sono per il commercio che si fa con i libri.", "biblioteca"),
    "portuguese": ("As informações do relatório não são para uma pessoa que não se interessa.", "informação"),
    "dutch": ("De boeken van het archief zijn niet voor de verkoop en dat is ook op de deur.", "boek"),
    "simple": ("Реки нашей долины текут между старыми мельницами.", "долины"),
}  # fmt: skip


async def test_each_language_is_searched_in_its_own_grammar(house: House, cast: Cast) -> None:
    written = {
        language: house.write(cast.editor, cast.workspace_id, text, language)
        for language, (text, _) in LANGUAGES.items()
    }
    await house.work_off()
    for language, (_, query) in LANGUAGES.items():
        assert house.document(written[language])["language"] == language
        hits = find(house, cast.viewer, cast.workspace_id, query)
        assert hits, f"{query!r} finds nothing in {language}"
        assert hits[0]["document_id"] == written[language]


async def test_the_worker_searches_for_a_client(house: House, cast: Cast) -> None:
    document_id = house.write(cast.editor, cast.workspace_id, paragraphs("Avon", "Barrow", "Cherwell"))
    await house.work_off()
    search = house.call(cast.viewer, "start_search", cast.workspace_id, "the bridge of Barrow", None, 2)
    assert (search["status"], search["results"]) == ("pending", [])
    await house.work_off()
    with house.db.as_user(cast.viewer) as cursor:
        row = cursor.execute(
            "select status, results, finished_at is not null from public.searches"
        ).fetchone()
    assert row is not None
    assert (row[0], row[2], len(row[1])) == ("complete", True, 2)
    best = row[1][0]
    assert (best["heading"], best["document_id"]) == ("About Barrow", str(document_id))
    assert "Barrow bridge" in best["content"]
    for other in (cast.owner, cast.support, cast.stranger):
        with house.db.as_user(other) as cursor:
            assert cursor.execute("select id from public.searches").fetchall() == []
    sent = house.db.rows(
        "select payload ->> 'status', private from realtime.messages where topic = %s and event = 'search'",
        f"user:{cast.viewer.user_id}",
    )
    assert sent == [("complete", True)]
