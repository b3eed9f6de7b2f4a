"""A profile and a personal workspace come with every user, and never stand in a sign-up's way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.identity.calls import call, denied, personal_workspace, role_of
from tests.support.actors import sign_up
from tests.support.database import Database

BREAK = "alter table public.profiles add constraint broken check (created_at < '2000-01-01') not valid"
REPAIR = "alter table public.profiles drop constraint broken"


def test_sign_up_makes_profile_and_personal_workspace(db: Database) -> None:
    ada = db.sign_up("ada", full_name="Ada Lovelace", avatar_url="https://example.test/ada.png")
    profile = db.rows("select user_id, display_name, avatar_url, username from public.profiles")
    assert profile == [(ada.user_id, "Ada Lovelace", "https://example.test/ada.png", None)]
    assert db.rows("select name, kind from public.workspaces") == [("Ada Lovelace", "personal")]
    assert role_of(db, personal_workspace(db, ada), ada) == "owner"


@pytest.mark.parametrize(
    ("metadata", "name"),
    [
        ({"name": "  Ada\t\nLovelace  "}, "Ada Lovelace"),
        ({"full_name": "", "name": "Ada"}, "Ada"),
        ({"full_name": "\u0001\u0002", "display_name": "Ada"}, "Ada"),
        ({"full_name": "A" * 300}, "A" * 100),
        ({"full_name": "李 😀"}, "李 😀"),
        ({"avatar_url": "javascript:alert(1)"}, None),
        ({}, None),
    ],
)
def test_names_are_cleaned(db: Database, metadata: dict[str, Any], name: str | None) -> None:
    ada = sign_up(db.admin, "ada", metadata)
    expected = name or ada.email.split("@")[0]
    assert db.rows("select display_name, avatar_url from public.profiles") == [(expected, None)]
    assert db.value("select name from public.workspaces") == expected


@pytest.mark.parametrize("metadata", ["[1]", '"text"', "7", "null"])
def test_strange_metadata_does_not_stop_a_sign_up(db: Database, metadata: str) -> None:
    db.admin.execute(
        "insert into auth.users (id, email, raw_user_meta_data)"
        " values (gen_random_uuid(), 'ada@example.test', %s)",
        (metadata,),
    )
    assert db.value("select display_name from public.profiles") == "ada"


def test_a_user_without_email_gets_a_workspace(db: Database) -> None:
    db.admin.execute("insert into auth.users (id) values (gen_random_uuid())")
    assert db.value("select name from public.workspaces") == "Personal workspace"


def test_a_failing_trigger_does_not_stop_a_sign_up_and_is_repaired(db: Database) -> None:
    db.admin.execute(BREAK)
    ada = db.sign_up("ada")
    assert db.value("select count(*) from auth.users where id = %s", ada.user_id) == 1
    assert db.value("select count(*) from public.workspaces") == 0
    db.admin.execute(REPAIR)
    with db.as_user(ada) as cursor:
        assert call(cursor, "ensure_profile")["user_id"] == ada.user_id
    assert role_of(db, personal_workspace(db, ada), ada) == "owner"


def test_ensure_profile_changes_nothing_that_is_there(db: Database) -> None:
    ada = db.sign_up("ada")
    with db.as_user(ada) as cursor:
        cursor.execute("update public.profiles set display_name = 'Countess' where user_id = app.user_id()")
    before = db.rows("select * from public.profiles, public.workspaces, public.workspace_members")
    with db.as_user(ada) as cursor:
        assert call(cursor, "ensure_profile")["display_name"] == "Countess"
    assert db.rows("select * from public.profiles, public.workspaces, public.workspace_members") == before


def test_many_first_requests_at_once_make_one_workspace(db: Database) -> None:
    def first_request(_: int) -> Any:
        with db.as_claims({"sub": "user_2abc", "iss": "https://x.clerk.accounts.dev"}) as cursor:
            return call(cursor, "ensure_profile")["user_id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(first_request, range(16)))) == 1
    assert db.value("select count(*) from public.profiles") == 1
    assert db.value("select count(*) from public.workspaces") == 1
    assert db.value("select count(*) from public.workspace_members") == 1


def test_anon_and_service_have_no_profile_to_ensure(db: Database) -> None:
    with denied(), db.as_anon() as cursor:
        call(cursor, "ensure_profile")
    with denied(), db.as_service() as cursor:
        call(cursor, "ensure_profile")
