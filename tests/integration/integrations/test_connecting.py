"""Who may connect what, with which settings; credentials that nobody reads back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.integration.integrations.office import CREDENTIALS, KEY, SETTINGS, Office
from tests.support.actors import give_plan

READERS = ("owner", "admin", "sales", "marketing")
OTHERS = ("editor", "support", "viewer", "stranger")


def refused(office: Office, kind: str, settings: Any, credentials: Any) -> tuple[str | None, str | None]:
    given = (kind, "Mine", Jsonb(settings), Jsonb(credentials))
    return office.refusal(office.cast.admin, "create_connection", office.cast.workspace_id, *given)


@pytest.mark.parametrize("kind", ["mailchimp", "salesforce", "google_analytics", "generic"])
def test_each_kind_can_be_connected(office: Office, kind: str) -> None:
    made = office.connect(kind)
    assert ("secret" in made) is (kind == "generic")
    connection = office.connection(made["connection_id"])
    assert (connection["status"], connection["settings"]) == ("active", SETTINGS[kind])
    main = made.get("secret") or {
        "mailchimp": KEY.partition("-")[0],
        "salesforce": CREDENTIALS["salesforce"]["client_secret"],
        "google_analytics": CREDENTIALS["google_analytics"]["api_secret"],
    }.get(kind, "")
    assert connection["credential_last4"] == main[-4:]
    jobs = [row["kind"] for row in office.all("select kind from public.jobs order by id")]
    assert jobs == ([] if kind == "generic" else ["integrations.test", "integrations.sync"])
    assert office.db.value("select count(*) from public.audit_log where action = 'connection.created'") == 1


@pytest.mark.parametrize("role", [*READERS, *OTHERS])
def test_who_sees_connections(office: Office, role: str) -> None:
    made = office.connect()
    contact = office.contact("ada@example.test")
    office.db.admin.execute(
        "insert into public.connection_records (connection_id, contact_id, workspace_id, status)"
        " values (%s, %s, %s, 'synced')",
        (made["connection_id"], contact, office.cast.workspace_id),
    )
    with office.db.as_user(getattr(office.cast, role)) as cursor:
        seen = [
            cursor.execute(f"select count(*) from public.{table}".encode()).fetchone()
            for table in ("connections", "connection_records")
        ]
    assert seen == [(int(role in READERS),)] * 2


@pytest.mark.parametrize("role", ["sales", "marketing", *OTHERS])
def test_who_may_not_manage_them(office: Office, role: str) -> None:
    made, actor = office.connect("generic"), getattr(office.cast, role)
    workspace = office.cast.workspace_id
    new = (workspace, "generic", "Mine", Jsonb(SETTINGS["generic"]))
    create = ("PT404", "workspace.not_found") if role == "stranger" else ("PT403", "workspace.forbidden")
    assert office.refusal(actor, "create_connection", *new) == create
    other = ("PT403", "workspace.forbidden") if role in READERS else ("PT404", "connection.not_found")
    calls: list[tuple[str, list[Any]]] = [
        ("update_connection", ["Other"]),
        ("set_connection_credentials", [Jsonb({})]),
        ("rotate_connection_secret", []),
        ("delete_connection", []),
        ("test_connection", []),
        ("sync_connection", []),
        ("list_inbound_events", []),
    ]
    for function, arguments in calls:
        assert office.refusal(actor, function, made["connection_id"], *arguments) == other, function


@pytest.mark.parametrize("actor", ["as_anon", "as_service", "as_worker"])
def test_servers_and_visitors_make_none(office: Office, actor: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), getattr(office.db, actor)() as cursor:
        cursor.execute(
            "select public.create_connection(%s, 'generic', 'x', '{}')", (office.cast.workspace_id,)
        )


@pytest.mark.parametrize("role", ["authenticated", "service_role"])
def test_nobody_reads_credentials_back(office: Office, role: str) -> None:
    office.connect()
    for table in ("connection_secrets", "connection_fields", "inbound_events"):
        with (
            pytest.raises(psycopg.errors.InsufficientPrivilege),
            office.db.as_role(role, office.cast.owner.claims()) as cursor,
        ):
            cursor.execute(f"select * from app.{table}".encode())
    said = str(office.all("select * from public.connections")) + str(
        office.all("select * from public.audit_log")
    )
    assert KEY.partition("-")[0] not in said


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("mailchimp", {}),
        ("mailchimp", {"list_id": "abc1234567", "url": "https://evil.example"}),
        ("mailchimp", {"list_id": "../x"}),
        ("mailchimp", {"list_id": 7}),
        ("mailchimp", {"list_id": None}),
        ("mailchimp", []),
        ("salesforce", {**SETTINGS["salesforce"], "domain": "evil.example"}),
        ("salesforce", {**SETTINGS["salesforce"], "domain": "evil.example/.my.salesforce.com"}),
        ("salesforce", {**SETTINGS["salesforce"], "domain": "a.b.my.salesforce.com"}),
        ("salesforce", {**SETTINGS["salesforce"], "domain": "x@acme.my.salesforce.com"}),
        ("salesforce", {**SETTINGS["salesforce"], "domain": "acme.my.salesforce.com\n"}),
        ("salesforce", {**SETTINGS["salesforce"], "object": "User"}),
        ("salesforce", {**SETTINGS["salesforce"], "external_id_field": "Email"}),
        ("google_analytics", {"measurement_id": "UA-1"}),
        ("google_analytics", {"measurement_id": "G-ABCD1234", "region": "us"}),
        ("generic", {}),
        ("generic", {"fields": {"name": "customer.name"}}),
        ("generic", {"fields": {"email": "a b"}}),
        ("generic", {"fields": {"email": "mail", "email_consent": "consent"}}),
        ("generic", {"fields": {"email": "mail", "workspace_id": "w"}}),
        ("generic", {"fields": {"email": ["mail"]}}),
        ("generic", {"fields": {"email": "mail"}, "event_id": "a..b"}),
        ("generic", {"fields": {"email": "mail"}, "more": 1}),
        ("generic", {"fields": {"email": "a.b.c.d.e.f.g"}}),
    ],
)
def test_settings_are_a_closed_list(office: Office, kind: str, settings: Any) -> None:
    assert refused(office, kind, settings, CREDENTIALS[kind]) == ("PT400", "connection.bad_settings")


@pytest.mark.parametrize(
    ("kind", "credentials"),
    [
        ("mailchimp", {}),
        ("mailchimp", {"api_key": "f" * 32}),
        ("mailchimp", {"api_key": "f" * 32 + "-evil.example/"}),
        ("mailchimp", {"api_key": KEY, "other": "x"}),
        ("salesforce", {"client_id": "client-0123456789"}),
        ("salesforce", {**CREDENTIALS["salesforce"], "refresh_token": "short"}),
        ("salesforce", {**CREDENTIALS["salesforce"], "client_secret": "with spaces in between"}),
        ("google_analytics", {"api_secret": "a&b=cdefghijkl"}),
        ("google_analytics", None),
    ],
)
def test_credentials_are_a_closed_list(office: Office, kind: str, credentials: Any) -> None:
    assert refused(office, kind, SETTINGS[kind], credentials) == ("PT400", "connection.bad_credentials")


def test_what_else_is_refused(office: Office) -> None:
    admin, workspace = office.cast.admin, office.cast.workspace_id
    assert refused(office, "hubspot", {}, {}) == ("PT400", "connection.bad_kind")
    bad_name = (workspace, "generic", " ", Jsonb(SETTINGS["generic"]))
    assert office.refusal(admin, "create_connection", *bad_name) == ("PT400", "connection.bad_name")
    made, generic = office.connect(), office.connect("generic")
    ids = made["connection_id"], generic["connection_id"]
    assert office.refusal(admin, "rotate_connection_secret", ids[0])[1] == "connection.not_generic"
    assert office.refusal(admin, "rotate_connection_secret", ids[1], "31 days")[1] == "connection.bad_overlap"
    assert (
        office.refusal(admin, "set_connection_credentials", ids[1], Jsonb({}))[1] == "connection.own_secret"
    )
    assert office.refusal(admin, "test_connection", ids[1])[1] == "connection.inbound_only"
    assert office.refusal(admin, "sync_connection", ids[1])[1] == "connection.inbound_only"
    give_plan(office.db.admin, workspace, "free")
    assert refused(office, "generic", SETTINGS["generic"], {})[1] == "plan.not_entitled"


def test_twenty_and_no_more_however_many_at_once(office: Office) -> None:
    def create(number: int) -> str | None:
        try:
            office.connect("generic")
        except psycopg.Error as error:
            return error.diag.message_detail
        return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(create, range(24)))
    assert (outcomes.count(None), outcomes.count("connection.too_many")) == (20, 4)


def test_other_settings_mean_another_place(office: Office) -> None:
    made = office.connect()
    contact = office.contact("ada@example.test")
    office.db.admin.execute(
        "insert into public.connection_records (connection_id, contact_id, workspace_id, status)"
        " values (%s, %s, %s, 'synced')",
        (made["connection_id"], contact, office.cast.workspace_id),
    )
    office.db.admin.execute("update public.connections set cursor_at = now(), cursor_id = %s", (contact,))
    name = office.call(office.cast.admin, "update_connection", made["connection_id"], "Renamed")
    assert (name["name"], name["cursor_id"], len(office.records())) == ("Renamed", contact, 1)
    moved = office.call(
        office.cast.admin, "update_connection", made["connection_id"], None, Jsonb({"list_id": "def1234567"})
    )
    assert (moved["cursor_at"], office.records()) == (None, {})
    assert moved["baseline_at"] > name["baseline_at"]


def test_disabled_and_enabled_again(office: Office) -> None:
    made = office.connect()
    off = office.call(office.cast.admin, "update_connection", made["connection_id"], None, None, False)
    assert off["status"] == "disabled"
    assert office.refusal(office.cast.admin, "sync_connection", made["connection_id"])[1] == (
        "connection.not_active"
    )
    on = office.call(office.cast.admin, "update_connection", made["connection_id"], None, None, True)
    assert on["status"] == "active"


async def test_a_deleted_connection_leaves_jobs_that_find_nothing(office: Office) -> None:
    contact = office.contact("ada@example.test")
    made = office.connect()
    office.call(office.cast.admin, "delete_connection", made["connection_id"])
    await office.work_off()
    assert office.vendor.asked == []
    assert office.db.value("select count(*) from app.connection_secrets") == 0
    assert office.db.value("select count(*) from public.contacts where id = %s", contact) == 1
    assert office.db.value("select count(*) from public.jobs where status = 'failed'") == 0


def test_members_are_told_without_details(office: Office) -> None:
    made = office.connect()
    with office.db.as_worker() as cursor:
        cursor.execute("select app.connection_tested(%s, 1, 'Newsletter', false)", (made["connection_id"],))
    (hint,) = office.all("select * from realtime.messages where event = 'connection.changed'")
    assert hint["payload"]["connection_id"] == made["connection_id"]
    assert "Newsletter" not in str(hint["payload"])
