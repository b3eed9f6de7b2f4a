"""Channels: who sets them, what is shown of keys and secrets, what the vendor says about a key."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.messaging.desk import KEY, Desk
from tests.support.actors import Actor


def refusal(desk: Desk, actor: Actor, function: str, *arguments: Any) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        desk.call(actor, function, *arguments)
    return caught.value.sqlstate, caught.value.diag.message_detail


def test_key_and_secret_are_never_shown_again(desk: Desk) -> None:
    assert desk.secret.startswith("lmi_")
    assert len(desk.secret) == 68
    with desk.db.as_user(desk.cast.owner) as cursor:
        shown = str(cursor.execute("select to_jsonb(c) from public.channels as c").fetchall())
    assert (desk.secret in shown, KEY in shown, KEY[-4:] in shown) == (False, False, True)
    logged = str(desk.all("select * from public.audit_log") + desk.all("select * from public.jobs"))
    assert "channel.created" in logged
    assert (desk.secret in logged, KEY in logged) == (False, False)
    stored = str(desk.all("select inbound_hash from app.channel_secrets"))
    assert desk.secret not in stored


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("create_channel", ("workspace", "Mine")),
        ("set_channel_key", ("channel", KEY)),
        ("rotate_channel_secret", ("channel",)),
        ("update_channel", ("channel", "Mine")),
        ("delete_channel", ("channel",)),
    ],
)
def test_only_managers_change_channels(desk: Desk, function: str, arguments: tuple[str, ...]) -> None:
    ids = {"workspace": desk.cast.workspace_id, "channel": desk.channel_id}
    given = [ids.get(each, each) for each in arguments]
    assert refusal(desk, desk.cast.editor, function, *given) == ("PT403", "workspace.forbidden")
    missing = "workspace.not_found" if function == "create_channel" else "channel.not_found"
    assert refusal(desk, desk.cast.stranger, function, *given) == ("PT404", missing)
    desk.call(desk.cast.admin, function, *given)


def test_an_unknown_channel_is_not_found(desk: Desk) -> None:
    assert refusal(desk, desk.cast.admin, "delete_channel", uuid4()) == ("PT404", "channel.not_found")
    assert refusal(desk, desk.cast.admin, "resend_message", uuid4()) == ("PT404", "delivery.not_found")


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({"fr": ""}, "channel.bad_texts"),
        ({"fr": " \n"}, "channel.bad_texts"),
        ({"fr": 1}, "channel.bad_texts"),
        ({"french": "x"}, "channel.bad_texts"),
        ({"fr": "x" * 1001}, "channel.bad_texts"),
        (["x"], "channel.bad_texts"),
    ],
)
def test_texts_are_checked(desk: Desk, texts: Any, code: str) -> None:
    for place in (2, 3):
        given: list[Any] = [desk.channel_id, None, None, None]
        given[place] = Jsonb(texts)
        assert refusal(desk, desk.cast.admin, "update_channel", *given) == ("PT400", code)


def test_names_languages_keys_and_overlaps_are_checked(desk: Desk) -> None:
    admin, channel, workspace = desk.cast.admin, desk.channel_id, desk.cast.workspace_id
    assert refusal(desk, admin, "create_channel", workspace, " ") == ("PT400", "channel.bad_name")
    assert refusal(desk, admin, "create_channel", workspace, "A", "short") == ("PT400", "channel.bad_key")
    assert refusal(desk, admin, "create_channel", workspace, "A", None, "French") == (
        "PT400",
        "channel.bad_language",
    )
    assert refusal(desk, admin, "set_channel_key", channel, f"{KEY}\nX: y") == ("PT400", "channel.bad_key")
    assert refusal(desk, admin, "rotate_channel_secret", channel, "31 days") == (
        "PT400",
        "channel.bad_overlap",
    )


def test_no_texts_are_allowed_and_say_nothing(desk: Desk) -> None:
    desk.call(desk.cast.admin, "update_channel", desk.channel_id, None, Jsonb({}))
    assert desk.receive("Hello") == {"outcome": "accepted", "text": None}


async def test_the_vendor_is_asked_whose_key_it_is(desk: Desk) -> None:
    await desk.work_off()
    assert (desk.channel()["page_name"], desk.channel()["status"]) == ("Café Martin", "active")
    assert (desk.manychat.checks, desk.manychat.sends) == (1, [])


async def test_a_wrong_key_is_told_before_anyone_writes(desk: Desk) -> None:
    desk.manychat.refused = {KEY}
    await desk.work_off()
    assert (desk.channel()["status"], desk.channel()["error_code"]) == ("broken", "provider.unauthorised")
    assert [row["action"] for row in desk.all("select action from public.audit_log order by id")] == [
        "channel.created",
        "channel.broken",
    ]


async def test_without_a_key_a_channel_takes_messages_and_cannot_answer(desk: Desk) -> None:
    made = desk.call(desk.cast.admin, "create_channel", desk.cast.workspace_id, "New")["create_channel"]
    desk.channel_id = made["channel_id"]
    assert desk.receive("Hello", secret=made["secret"])["outcome"] == "accepted"
    await desk.work_off()
    assert (desk.delivery()["status"], desk.delivery()["error_code"]) == ("failed", "channel.no_key")


def test_a_deleted_channel_leaves_contacts_and_conversations(desk: Desk) -> None:
    desk.receive("Hello")
    desk.call(desk.cast.owner, "delete_channel", desk.channel_id)
    (conversation,) = desk.all("select * from public.conversations")
    assert (conversation["channel_id"], len(desk.messages())) == (None, 2)
    assert len(desk.all("select from public.contacts")) == 1
    assert desk.all("select from app.channel_secrets") == []
