"""Several brands, one default; who names one is written in its voice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from tests.integration.content.desk import Desk
from tests.integration.identity.calls import denied, meanwhile, refused
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.tasks.workshop import Workshop
from tests.support.actors import Actor
from worker.providers.llm.port import TaskRequest

NEW = "insert into public.brands (workspace_id, name, voice) values (%s, %s, %s) returning id, is_default"


def add(desk: Desk, name: str, actor: Actor | None = None) -> dict[str, Any]:
    return desk.ask(actor or desk.cast.marketing, NEW, (desk.cast.workspace_id, name, f"Like {name}."))[0]


def default(desk: Desk) -> list[str]:
    return [
        row["name"] for row in desk.ask(desk.cast.viewer, "select name from public.brands where is_default")
    ]


def test_the_first_is_the_default_until_another_is(desk: Desk) -> None:
    first, second = add(desk, "Port"), add(desk, "Mole")
    assert (first["is_default"], second["is_default"]) == (True, False)
    desk.call(desk.cast.owner, "set_default_brand", brand_id=second["id"])
    assert default(desk) == ["Mole"]
    desk.call(desk.cast.owner, "set_default_brand", brand_id=second["id"])
    assert default(desk) == ["Mole"]
    desk.ask(desk.cast.marketing, "delete from public.brands where id = %s", (second["id"],))
    assert default(desk) == ["Port"]
    desk.ask(desk.cast.marketing, "delete from public.brands where id = %s", (first["id"],))
    assert default(desk) == []


def test_the_oldest_left_takes_over_when_the_default_goes(desk: Desk) -> None:
    brands = [add(desk, name)["id"] for name in ("Port", "Mole", "Quay", "Pier")]
    delete = "delete from public.brands where id = %s"
    desk.ask(desk.cast.marketing, delete, (brands[3],))
    assert default(desk) == ["Port"]
    with desk.db.as_user(desk.cast.owner) as other:
        other.execute(delete, (brands[1],))
        with meanwhile(desk.db, lambda: desk.ask(desk.cast.marketing, delete, (brands[0],))) as raised:
            other.connection.commit()
    assert raised == []
    assert default(desk) == ["Quay"]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "x" * 201),
        ("voice", "x" * 2001),
        ("rules", None),
        ("audience", "x" * 1001),
        ("language", "x"),
    ],
)
def test_a_brand_that_cannot_be_stored_is_refused_in_words(
    desk: Desk, column: str, value: str | None
) -> None:
    brand = add(desk, "Port")["id"]
    with refused(400, "brand.bad_text"):
        change = f"update public.brands set {column} = %s where id = %s"
        desk.ask(desk.cast.marketing, change, (value, brand))
    with refused(400, "brand.bad_text"):
        add(desk, "x" * 201)


def test_of_two_first_ones_at_once_one_is_the_default(desk: Desk) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: add(desk, f"Brand {number}"), range(6)))
    assert sum(row["is_default"] for row in made) == 1
    ids = [row["id"] for row in made]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda brand: desk.call(desk.cast.owner, "set_default_brand", brand_id=brand), ids))
    assert len(default(desk)) == 1


def test_those_who_answer_for_the_brand_choose(desk: Desk) -> None:
    brand = add(desk, "Port")["id"]
    with denied():
        add(desk, "Mine", desk.cast.editor)
    with denied():
        desk.ask(desk.cast.owner, "update public.brands set is_default = true")
    with refused(403, "workspace.forbidden"):
        desk.call(desk.cast.editor, "set_default_brand", brand_id=brand)
    for actor, missing in ((desk.cast.stranger, brand), (desk.cast.owner, uuid4())):
        with refused(404, "brand.not_found"):
            desk.call(actor, "set_default_brand", brand_id=missing)


def test_a_document_names_a_brand_of_its_workspace(desk: Desk) -> None:
    brand = add(desk, "Port")["id"]
    own = desk.db.value("select id from public.workspaces where created_by = %s", desk.cast.stranger.user_id)
    foreign = desk.ask(desk.cast.stranger, NEW, (own, "Theirs", ""))[0]["id"]
    name = "update public.documents set brand_id = %s where id = %s returning brand_id"
    assert desk.ask(desk.cast.editor, name, (brand, desk.document)) == [{"brand_id": brand}]
    for brand_id in (foreign, uuid4()):
        with refused(404, "brand.not_found"):
            desk.ask(desk.cast.editor, name, (brand_id, desk.document))
    desk.ask(desk.cast.marketing, "delete from public.brands where id = %s", (brand,))
    assert desk.db.value("select brand_id from public.documents where id = %s", desk.document) is None
    assert desk.lines(desk.cast.viewer)[0] == ("brand", "deleted")


def test_a_task_names_a_brand_of_its_workspace(desk: Desk) -> None:
    start = "select * from public.start_ai_task(%s, 'edit', %s, null, %s, %s)"

    def started(key: str, brand: UUID | None) -> Any:
        given = (desk.cast.workspace_id, Jsonb({"text": "A text."}), key, brand)
        return desk.ask(desk.cast.editor, start, given)[0]

    brand = add(desk, "Port")["id"]
    assert started("a", brand)["brand_id"] == brand
    assert started("a", brand)["id"] == started("a", brand)["id"]
    with refused(409, "task.idempotency_conflict"):
        started("a", None)
    with refused(404, "brand.not_found"):
        started("b", uuid4())


async def test_the_named_brand_speaks_else_the_default(desk: Desk) -> None:
    add(desk, "Port")
    other = add(desk, "Mole")["id"]
    model = ScriptedModel([["x"]])
    workshop = Workshop(desk.db, desk.cast, model)
    await workshop.done("edit", text="A text.")
    await workshop.done("edit", text="A text.", brand_id=other)
    brands = [request.brand for request in model.requests if isinstance(request, TaskRequest)]
    assert brands == ["Name: Port\nVoice: Like Port.", "Name: Mole\nVoice: Like Mole."]
