"""Customers' own systems get signed copies; what fails for long is disabled."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.integration.jobs.engine import until
from tests.integration.knowledge.stubs import ScriptedModel
from tests.integration.messaging.desk import Desk
from tests.support.actors import Actor
from tests.support.manychat import failing

EVENTS = ["message.received", "message.answered", "message.sent"]


@dataclass
class Receiver:
    """A customer's system; ``statuses`` answer the next deliveries, one each, then all are taken."""

    statuses: list[int] = field(default_factory=list)
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.taken.append((dict(request.headers), await request.read()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 204)

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.taken]


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/hook", receiver.handle)
    server = TestServer(app)
    await server.start_server()
    receiver.url = str(server.make_url("/hook"))
    try:
        yield receiver
    finally:
        await server.close()


@pytest.fixture(autouse=True)
def _soon(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.model = ScriptedModel([["At nine."]])
    monkeypatch.setattr("worker.domains.messaging.rules.WEBHOOK_DELAYS", (0.0,))


def hook(desk: Desk, receiver: Receiver, events: list[str] = EVENTS) -> tuple[str, str]:
    """An endpoint on the receiver: id and secret. Its http address is one that no client could give."""
    made = desk.call(
        desk.cast.admin,
        "create_webhook_endpoint",
        desk.cast.workspace_id,
        "https://crm.example.test/hook",
        events,
    )["create_webhook_endpoint"]
    desk.db.admin.execute(
        "update public.webhook_endpoints set url = %s where id = %s", (receiver.url, made["endpoint_id"])
    )
    return made["endpoint_id"], made["secret"]


def endpoint(desk: Desk) -> dict[str, Any]:
    (found,) = desk.all("select * from public.webhook_endpoints")
    return found


def refusal(desk: Desk, actor: Actor, function: str, *arguments: Any) -> tuple[str | None, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        desk.call(actor, function, *arguments)
    return caught.value.sqlstate, caught.value.diag.message_detail


async def test_copies_tell_what_happened_in_full(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver)
    desk.receive("When do you open?", name="Marie")
    await desk.work_off()
    bodies = {body["type"]: body for body in receiver.bodies()}
    assert sorted(bodies) == sorted(EVENTS)
    received, answered, sent = (bodies[event]["data"] for event in EVENTS)
    question, answer = desk.messages()
    assert (received["text"], received["contact"]["name"]) == ("When do you open?", "Marie")
    assert (received["message_id"], answered["reply_to"]) == (str(question["id"]), str(question["id"]))
    assert (answered["text"], answered["answered"], answered["message_id"]) == (
        "At nine.",
        True,
        str(answer["id"]),
    )
    assert (sent["message_id"], sent["status"]) == (str(answer["id"]), "sent")
    assert {body["workspace_id"] for body in bodies.values()} == {str(desk.cast.workspace_id)}
    assert endpoint(desk)["delivered_at"] is not None


async def test_copies_are_signed_and_named(desk: Desk, receiver: Receiver) -> None:
    _, secret = hook(desk, receiver, ["message.received"])
    desk.receive("Hello")
    await desk.work_off()
    ((headers, body),) = receiver.taken
    stamp, _, signature = headers["Lamina-Signature"].removeprefix("t=").partition(",v1=")
    expected = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(signature, expected)
    assert headers["Lamina-Event"] == "message.received"
    assert headers["Lamina-Event-Id"] == json.loads(body)["id"]


async def test_only_what_was_asked_for_is_sent(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver, ["message.undelivered"])
    desk.receive("Hello")
    await desk.work_off()
    assert receiver.taken == []
    desk.manychat.replies = [failing(400, 3011, "24 hours")]
    desk.receive("Hello?")
    await desk.work_off()
    (body,) = receiver.bodies()
    assert (body["type"], body["data"]["error_code"]) == ("message.undelivered", "chat.window_closed")


async def test_a_duplicate_makes_no_second_copy(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver, ["message.received"])
    for _ in range(3):
        desk.receive("Hello", message_id="same")
    await desk.work_off()
    assert len(receiver.taken) == 1


async def test_a_receiver_that_stumbles_is_asked_again_with_the_same_body(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint_id, _ = hook(desk, receiver, ["message.received"])
    receiver.statuses = [500, 503, 429]
    desk.receive("Hello")
    await desk.work_off()
    assert len(receiver.taken) == 4
    assert len({body for _, body in receiver.taken}) == 1
    (listed,) = [desk.call(desk.cast.admin, "list_webhook_deliveries", endpoint_id)]
    assert (listed["event"], listed["status"], listed["error_code"]) == (
        "message.received",
        "delivered",
        None,
    )
    assert endpoint(desk)["failures"] == 0


async def test_ten_failures_in_a_row_disable_it_with_a_notice(desk: Desk, receiver: Receiver) -> None:
    endpoint_id, _ = hook(desk, receiver, ["message.received"])
    receiver.statuses = [404] * 9 + [200] + [404] * 10
    for number in range(20):
        desk.receive(f"Message {number}")
        await _copies_ended(desk)
        assert (endpoint(desk)["status"] == "disabled") == (number == 19)
    row = endpoint(desk)
    assert (row["failures"], row["disabled_at"] is None) == (10, False)
    assert "404" in row["disabled_reason"]
    (told,) = desk.all("select * from public.audit_log where action = 'webhook.disabled'")
    assert (told["workspace_id"], told["subject"]) == (desk.cast.workspace_id, endpoint_id)
    notices = desk.all("select * from public.notifications where kind = 'webhook_disabled'")
    assert {row["user_id"] for row in notices} == {desk.cast.owner.user_id, desk.cast.admin.user_id}
    assert notices[0]["data"] == {
        "endpoint_id": str(endpoint_id),
        "url": receiver.url.removesuffix("/hook"),
        "reason": row["disabled_reason"],
    }
    desk.receive("After")
    await desk.work_off()
    assert len(receiver.taken) == 20
    url = "https://crm.example.test/other"
    again = desk.call(desk.cast.admin, "update_webhook_endpoint", endpoint_id, url, None, None, True)
    assert (again["status"], again["failures"], again["disabled_reason"]) == ("active", 0, None)


async def _copies_ended(desk: Desk) -> None:
    async with desk.working(lanes={"bulk": 1}):
        open_ones = (
            "select count(*) from public.jobs where kind = 'messaging.deliver_webhook' and gate <> 'closed'"
        )
        await until(lambda: desk.db.value(open_ones) == 0)


async def test_a_receiver_that_wants_no_more_is_left_alone_at_once(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver, ["message.received"])
    receiver.statuses = [410]
    desk.receive("Hello")
    await _copies_ended(desk)
    desk.receive("Again")
    await _copies_ended(desk)
    assert endpoint(desk)["status"] == "disabled"
    assert len(receiver.taken) == 1
    codes = [row["error_code"] for row in desk.all("select * from app.webhook_deliveries order by job_id")]
    assert codes == ["webhook.gone"], "a disabled endpoint gets no further copies"


async def test_an_address_inside_is_never_called(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver, ["message.received"])
    desk.db.admin.execute(
        "update public.webhook_endpoints set url = 'https://169.254.169.254/latest/meta-data'"
    )
    desk.receive("Hello")
    await _copies_ended(desk)
    (row,) = desk.all("select * from app.webhook_deliveries")
    assert (row["status"], row["error_code"]) == ("failed", "webhook.forbidden_address")
    assert endpoint(desk)["failures"] == 1


async def test_a_failed_copy_is_sent_again_by_retry(desk: Desk, receiver: Receiver) -> None:
    endpoint_id, _ = hook(desk, receiver, ["message.received"])
    receiver.statuses = [404]
    desk.receive("Hello")
    await _copies_ended(desk)
    listed = desk.call(desk.cast.admin, "list_webhook_deliveries", endpoint_id)
    assert (listed["status"], listed["error_code"]) == ("failed", "webhook.refused")
    desk.call(desk.cast.admin, "retry_job", listed["job_id"])
    await _copies_ended(desk)
    assert desk.call(desk.cast.admin, "list_webhook_deliveries", endpoint_id)["status"] == "delivered"
    assert len(receiver.taken) == 2


async def test_a_new_secret_signs_from_then_on(desk: Desk, receiver: Receiver) -> None:
    endpoint_id, old = hook(desk, receiver, ["message.received"])
    secret = desk.call(desk.cast.admin, "rotate_webhook_secret", endpoint_id)["rotate_webhook_secret"]
    assert secret != old
    assert endpoint(desk)["secret_last4"] == secret[-4:]
    desk.receive("Hello")
    await _copies_ended(desk)
    ((headers, body),) = receiver.taken
    stamp, _, signature = headers["Lamina-Signature"].removeprefix("t=").partition(",v1=")
    assert signature == hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("url", "events", "description", "code"),
    [
        ("http://example.test", EVENTS, "", "webhook.bad_address"),
        ("https://user:pass@example.test", EVENTS, "", "webhook.bad_address"),
        ("https:///path", EVENTS, "", "webhook.bad_address"),
        ("javascript:alert(1)", EVENTS, "", "webhook.bad_address"),
        (None, EVENTS, "", "webhook.bad_address"),
        ("https://example.test", [], "", "webhook.bad_events"),
        ("https://example.test", ["message.read"], "", "webhook.bad_events"),
        ("https://example.test", EVENTS, "x" * 201, "webhook.bad_description"),
    ],
)
def test_what_is_wrong_is_refused(
    desk: Desk, url: str | None, events: list[str], description: str, code: str
) -> None:
    given = (desk.cast.workspace_id, url, events, description)
    assert refusal(desk, desk.cast.admin, "create_webhook_endpoint", *given) == ("PT400", code)


def test_only_managers_see_and_change_them(desk: Desk, receiver: Receiver) -> None:
    endpoint_id, secret = hook(desk, receiver)
    for function in ("rotate_webhook_secret", "delete_webhook_endpoint", "list_webhook_deliveries"):
        for actor in (desk.cast.editor, desk.cast.stranger):
            assert refusal(desk, actor, function, endpoint_id) == ("PT404", "webhook.not_found")
    given = (desk.cast.workspace_id, "https://example.test", EVENTS)
    assert refusal(desk, desk.cast.editor, "create_webhook_endpoint", *given) == (
        "PT403",
        "workspace.forbidden",
    )
    with desk.db.as_user(desk.cast.admin) as cursor:
        shown = str(cursor.execute("select to_jsonb(e) from public.webhook_endpoints as e").fetchall())
    assert (receiver.url in shown, secret in shown) == (True, False)
    desk.call(desk.cast.admin, "delete_webhook_endpoint", endpoint_id)
    assert desk.all("select from app.webhook_secrets") == []


def test_a_workspace_has_at_most_ten(desk: Desk) -> None:
    for number in range(10):
        given = (desk.cast.workspace_id, f"https://example.test/{number}", EVENTS)
        desk.call(desk.cast.admin, "create_webhook_endpoint", *given)
    given = (desk.cast.workspace_id, "https://example.test/10", EVENTS)
    assert refusal(desk, desk.cast.admin, "create_webhook_endpoint", *given) == ("PT409", "webhook.too_many")


async def test_old_copies_and_keys_are_forgotten(desk: Desk, receiver: Receiver) -> None:
    hook(desk, receiver, ["message.received"])
    desk.receive("Old", message_id="old")
    await _copies_ended(desk)
    desk.receive("Waits", message_id="waits")
    desk.db.admin.execute("update app.webhook_deliveries set created_at = now() - interval '8 days'")
    desk.db.admin.execute(
        "update app.inbound_messages set received_at = now() - interval '8 days' where dedupe_key = 'id:old'"
    )
    desk.receive("New", message_id="new")
    with desk.db.as_worker() as cursor:
        cursor.execute("select app.enqueue('messaging.purge')")
    async with desk.working(lanes={"bulk": 1}):
        purged = "select count(*) from public.jobs where kind = 'messaging.purge' and status = 'succeeded'"
        await until(lambda: desk.db.value(purged) == 1)
    kept = {row["dedupe_key"] for row in desk.all("select dedupe_key from app.inbound_messages")}
    assert kept == {"id:waits", "id:new"}
