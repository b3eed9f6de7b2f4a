"""Who the caller is: the token's subject becomes our uuid."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

import pytest

from tests.integration.identity.calls import denied, refused
from tests.support.database import Database

CLERK = "https://x.clerk.accounts.dev"
SUBJECT = "0b6e0000-0000-4000-8000-00000000c0de"


def user_id(db: Database, claims: dict[str, Any]) -> UUID | None:
    with db.as_claims(claims) as cursor:
        row = cursor.execute("select app.user_id()").fetchone()
    assert row is not None
    found: UUID | None = row[0]
    return found


def test_a_uuid_stands_for_itself(db: Database) -> None:
    assert user_id(db, {"sub": SUBJECT}) == UUID(SUBJECT)
    assert user_id(db, {"sub": SUBJECT.upper(), "iss": CLERK}) == UUID(SUBJECT)


def test_a_text_becomes_a_version_8_uuid_of_issuer_and_subject(db: Database) -> None:
    found = user_id(db, {"sub": "user_2abc", "iss": CLERK})
    digest = bytearray(hashlib.sha256(f"{CLERK}:user_2abc".encode()).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    assert found == UUID(bytes=bytes(digest))


def test_equal_texts_of_two_issuers_are_two_people(db: Database) -> None:
    one = user_id(db, {"sub": "user_2abc", "iss": CLERK})
    other = user_id(db, {"sub": "user_2abc", "iss": "https://y.clerk.accounts.dev"})
    assert one != other


def test_something_like_a_uuid_is_a_text(db: Database) -> None:
    for subject in (f"{SUBJECT}0", f"{{{SUBJECT}}}", SUBJECT.replace("-", ""), f"{SUBJECT}\n"):
        assert user_id(db, {"sub": subject}) not in (None, UUID(SUBJECT))


@pytest.mark.parametrize("claims", [{}, {"sub": None}, {"sub": ""}])
def test_no_subject_is_nobody(db: Database, claims: dict[str, Any]) -> None:
    assert user_id(db, claims) is None
    with refused(401, "auth.required"), db.as_claims(claims) as cursor:
        cursor.execute("select public.ensure_profile()")


@pytest.mark.parametrize("setting", ["", None])
def test_no_token_is_nobody(db: Database, setting: str | None) -> None:
    with db.as_role("authenticated") as cursor:
        if setting is None:
            cursor.execute("reset request.jwt.claims")
        row = cursor.execute("select app.user_id()").fetchone()
    assert row == (None,)


def test_anon_reaches_nothing_in_app(db: Database) -> None:
    with denied(), db.as_anon() as cursor:
        cursor.execute("select app.user_id()")


def test_the_worker_is_no_superuser_and_in_no_role(db: Database) -> None:
    attributes = (
        "select rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls from pg_roles"
        " where rolname = 'lamina_worker'"
    )
    assert db.rows(attributes) == [(False, False, False, False, True)]
    memberships = "select count(*) from pg_auth_members where member = 'lamina_worker'::regrole"
    assert db.value(memberships) == 0


def test_the_worker_reads_tenants_and_cannot_make_members(db: Database) -> None:
    db.sign_up("ada")
    with db.as_worker() as cursor:
        assert cursor.execute("select count(*) from public.workspaces").fetchone() == (1,)
    with denied(), db.as_worker() as cursor:
        cursor.execute("update public.workspace_members set role = 'owner' where true")
