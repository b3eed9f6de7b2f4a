"""A profile is its user's own; those who work with them see it."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest

from tests.integration.identity.calls import denied, meanwhile, refused
from tests.support.actors import Actor, Cast
from tests.support.database import Database


def seen_by(db: Database, actor: Actor) -> set[UUID]:
    with db.as_user(actor) as cursor:
        return {row[0] for row in cursor.execute("select user_id from public.profiles").fetchall()}


def set_username(db: Database, actor: Actor, username: str) -> int:
    with db.as_user(actor) as cursor:
        cursor.execute(
            "update public.profiles set username = %s where user_id = %s", (username, actor.user_id)
        )
        return cursor.rowcount


def test_members_see_each_other(db: Database, cast: Cast) -> None:
    everybody = {member.user_id for member in cast.members()}
    assert seen_by(db, cast.viewer) == everybody
    assert seen_by(db, cast.owner) == everybody


def test_strangers_see_themselves_only(db: Database, cast: Cast) -> None:
    assert seen_by(db, cast.stranger) == {cast.stranger.user_id}
    with denied(), db.as_anon() as cursor:
        cursor.execute("select from public.profiles")


def test_a_role_without_members_read_sees_itself_only(db: Database, cast: Cast) -> None:
    db.admin.execute(
        "delete from public.role_permissions where (role, permission) = ('viewer', 'members.read')"
    )
    assert seen_by(db, cast.viewer) == {cast.viewer.user_id}


def test_users_change_their_own_profile(db: Database, cast: Cast) -> None:
    with db.as_user(cast.viewer) as cursor:
        cursor.execute(
            "update public.profiles set username = ' Vi.1 ', display_name = ' Vi ', avatar_url = ''"
            " where user_id = app.user_id() returning username, display_name, avatar_url"
        )
        assert cursor.fetchone() == ("Vi.1", "Vi", None)


def test_nobody_changes_another_profile(db: Database, cast: Cast) -> None:
    with db.as_user(cast.owner) as cursor:
        cursor.execute(
            "update public.profiles set display_name = 'x' where user_id = %s", (cast.viewer.user_id,)
        )
        assert cursor.rowcount == 0


@pytest.mark.parametrize("column", ["user_id", "created_at", "updated_at"])
def test_other_columns_are_out_of_reach(db: Database, cast: Cast, column: str) -> None:
    with denied(), db.as_user(cast.owner) as cursor:
        cursor.execute(
            f"update public.profiles set {column} = {column} where user_id = app.user_id()".encode()
        )


@pytest.mark.parametrize(
    "statement",
    [
        "insert into public.profiles (user_id) values (gen_random_uuid())",
        "delete from public.profiles where true",
    ],
)
def test_nobody_inserts_or_deletes_profiles(db: Database, cast: Cast, statement: str) -> None:
    with denied(), db.as_user(cast.owner) as cursor:
        cursor.execute(statement.encode())


def test_a_username_is_unique_without_regard_to_case(db: Database, cast: Cast) -> None:
    assert set_username(db, cast.viewer, "Vivian") == 1
    assert set_username(db, cast.viewer, "vivian") == 1
    with refused(409, "profile.username_taken"):
        set_username(db, cast.stranger, "VIVIAN")


def test_of_two_who_take_a_username_at_once_one_gets_it(db: Database, cast: Cast) -> None:
    with db.as_user(cast.viewer) as cursor:
        cursor.execute("update public.profiles set username = 'vivian' where user_id = app.user_id()")
        with meanwhile(db, lambda: set_username(db, cast.stranger, "VIVIAN")) as raised:
            cursor.connection.commit()
    assert [type(error) for error in raised] == [psycopg.errors.UniqueViolation]


@pytest.mark.parametrize("username", ["ab", "-abc", "abc.", "a b c", "a" * 31, "аdmin", "ab\nc", "a@b.c"])
def test_a_username_has_a_format(db: Database, cast: Cast, username: str) -> None:
    with refused(400, "profile.username_invalid"):
        set_username(db, cast.viewer, username)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("display_name", "x" * 101),
        ("display_name", "a\u0007b"),
        ("avatar_url", "javascript:alert(1)"),
        ("avatar_url", "https://x.test/" + "a" * 2000),
        ("avatar_url", "data:image/png;base64,AA"),
    ],
)
def test_bad_texts_are_refused_in_words(db: Database, cast: Cast, column: str, value: str) -> None:
    with refused(400, f"profile.{column}_invalid"), db.as_user(cast.viewer) as cursor:
        cursor.execute(
            f"update public.profiles set {column} = %s where user_id = app.user_id()".encode(), (value,)
        )
