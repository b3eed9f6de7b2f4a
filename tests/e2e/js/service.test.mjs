// A support team at work: a customer writes, a ticket is opened, given, answered and solved; sales looks on.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { randomUUID } from "node:crypto";
import { fails, join, listen, ok, signUp, until } from "./support.mjs";

let owner, support, sales, stranger, workspace, channel, ticket;

async function write(text) {
  const response = await fetch(`${process.env.SUPABASE_URL}/functions/v1/manychat?channel=${channel.channel_id}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-lamina-secret": channel.secret },
    body: JSON.stringify({
      id: "4712", name: "Marie", language: "English", last_input_text: text, last_interaction: randomUUID(),
    }),
  });
  assert.equal(response.status, 200, await response.text());
}

const say = (person, kind, body, extra = {}) =>
  person.client.rpc("add_ticket_message", { p_ticket_id: ticket.id, p_kind: kind, p_body: body, ...extra });
const move = (person, status) =>
  person.client.rpc("set_ticket_status", { p_ticket_id: ticket.id, p_status: status });
const now = async () => ok(await support.client.from("tickets").select("*").eq("id", ticket.id).single());
const timeline = async (person) => ok(await person.client.rpc("ticket_timeline", { p_ticket_id: ticket.id }));

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
  workspace = ok(await owner.client.rpc("create_workspace", { p_name: "Support" })).id;
  [support, sales] = [await join(owner, workspace, "support"), await join(owner, workspace, "sales")];
  channel = ok(await owner.client.rpc("create_channel", { p_workspace_id: workspace, p_name: "WhatsApp" }));
});

test("what is promised is set by those who answer for it", async () => {
  const promise = { workspace_id: workspace, priority: "high", first_response_minutes: 60, resolution_minutes: 480 };
  ok(await owner.client.from("sla_policies").upsert(promise));
  assert.equal((await support.client.from("sla_policies").upsert(promise)).error.code, "42501");
});

test("a conversation becomes a ticket, once", async () => {
  await write("This is terrible! My parcel is three weeks late and nobody answers.");
  const [conversation] = ok(await support.client.from("conversations").select("id").not("contact_id", "is", null));
  const wish = { p_conversation_id: conversation.id, p_priority: "high" };
  fails(await sales.client.rpc("open_ticket_from_conversation", wish), 404, "conversation.not_found");
  ticket = ok(await support.client.rpc("open_ticket_from_conversation", wish));
  assert.deepEqual([ticket.number, ticket.status], [1, "new"]);
  assert.equal(Date.parse(ticket.first_response_due_at) - Date.parse(ticket.created_at), 3600_000);
  assert.equal(ok(await support.client.rpc("open_ticket_from_conversation", wish)).id, ticket.id);
});

test("the customer's mood is seen, and whoever answers is warned", async () => {
  const row = await until(now, ({ sentiment_label }) => sentiment_label !== "unknown");
  assert.equal(row.sentiment_label, "negative");
  assert.ok(row.sentiment_score < -0.3 && row.sentiment_alert_at !== null);
  const told = await until(
    async () => ok(await support.client.from("notifications").select("data").eq("kind", "ticket_mood")),
    (rows) => rows.length > 0,
  );
  assert.equal(told[0].data.number, 1);
});

test("it is given to somebody, who hears of it; the team watches", async () => {
  const { heard, status } = await listen(sales, `workspace:${workspace}`, ["ticket"]);
  assert.equal(status, "SUBSCRIBED");
  const give = (person) => ({ p_ticket_id: ticket.id, p_assignee_id: person.id });
  fails(await owner.client.rpc("assign_ticket", give(sales)), 400, "ticket.bad_assignee");
  assert.equal(ok(await owner.client.rpc("assign_ticket", give(support))).assignee_id, support.id);
  await until(() => heard.ticket.map(({ kind }) => kind), (kinds) => kinds.includes("assignee"), 10);
  const told = ok(await support.client.from("notifications").select("kind").eq("kind", "ticket_assigned"));
  assert.equal(told.length, 1);
});

test("a reply goes into the outbox of the channel, once; then it waits for the customer", async () => {
  ok(await say(support, "note", "The courier lost it, we send another one."));
  const key = { p_status: "pending", p_idempotency_key: randomUUID() };
  const both = await Promise.all([1, 2].map(() => say(support, "reply", "A new one is on its way.", key)));
  assert.equal(ok(both[0]).id, ok(both[1]).id);
  const row = await now();
  assert.deepEqual([row.status, row.first_responded_at !== null, row.stopped_at !== null], ["pending", true, true]);
  const [reply] = await until(
    async () => (await timeline(support)).filter(({ kind }) => kind === "reply"),
    ([found]) => found?.detail.delivery?.status === "failed",
  );
  assert.equal(reply.detail.delivery.error_code, "channel.no_key"); // the channel has no key yet, and says so
});

test("the customer's answer wakes it, and all is one timeline", async () => {
  await write("Thank you so much, that is perfect.");
  assert.equal((await until(now, ({ status }) => status !== "pending")).status, "open");
  const told = await support.client.from("notifications").select("data").eq("kind", "ticket_customer_replied");
  assert.deepEqual(ok(told).map(({ data }) => data.number), [1]);
  const words = (await timeline(support)).filter(({ source, kind }) => source === "ticket" || kind === "user");
  assert.deepEqual(words.map(({ kind }) => kind), ["user", "reply", "note", "user"]);
  const rest = await support.client.rpc("ticket_timeline", {
    p_ticket_id: ticket.id, p_limit: 200, p_before: words[1].at, p_before_id: words[1].id,
  });
  assert.ok(ok(rest).every(({ at }) => at <= words[1].at));
});

test("people have taken over: the model is silent until it is asked to answer again", async () => {
  assert.equal((await now()).answered_by, "people");
  const answers = async () =>
    (await timeline(support)).filter(({ source, kind }) => source === "conversation" && kind === "assistant");
  assert.ok((await answers()).every(({ at }) => Date.parse(at) < Date.parse(ticket.created_at)));
  fails(await sales.client.rpc("set_ticket_answerer", { p_ticket_id: ticket.id, p_answered_by: "ai" }), 403, "workspace.forbidden");
  ok(await support.client.rpc("set_ticket_answerer", { p_ticket_id: ticket.id, p_answered_by: "ai" }));
  const before = (await answers()).length;
  await write("When do you open?");
  await until(answers, (rows) => rows.length === before + 1);
});

test("the states follow each other as listed", async () => {
  const rules = ok(await support.client.from("ticket_transitions").select("to_status").eq("from_status", "open"));
  assert.deepEqual(rules.map(({ to_status }) => to_status).sort(), ["on_hold", "pending", "solved"]);
  fails(await move(support, "closed"), 409, "ticket.bad_transition");
  assert.equal(ok(await move(support, "solved")).status, "solved");
  assert.equal(ok(await move(owner, "closed")).status, "closed");
  fails(await say(support, "reply", "One more thing."), 409, "ticket.closed");
  assert.equal(ok(await move(support, "open")).reopened, 1);
});

test("tickets by hand count on, once for each key", async () => {
  const wish = { p_workspace_id: workspace, p_subject: "Called about an invoice", p_idempotency_key: randomUUID() };
  const both = await Promise.all([1, 2].map(() => support.client.rpc("create_ticket", wish)));
  assert.deepEqual(both.map((made) => ok(made).number), [2, 2]);
  const call = (person, wish) => person.client.rpc("link_ticket", { p_ticket_id: both[0].data.id, ...wish });
  fails(await call(support, {}), 400, "ticket.bad_link");
  fails(await call(support, { p_conversation_id: ticket.conversation_id }), 409, "ticket.conversation_taken");
  fails(await call(sales, { p_contact_id: ticket.contact_id }), 403, "workspace.forbidden");
  assert.equal(ok(await call(support, { p_contact_id: ticket.contact_id })).contact_id, ticket.contact_id);
});

test("the customer's whole past is one timeline, page by page", async () => {
  const past = (person, page = {}) => person.client.rpc("contact_timeline", { p_contact_id: ticket.contact_id, ...page });
  const whole = ok(await past(support, { p_limit: 200 }));
  assert.deepEqual([...new Set(whole.map(({ source }) => source))].sort(), ["conversation", "ticket", "ticket_message"]);
  assert.deepEqual([...new Set(whole.filter(({ source }) => source === "ticket").map(({ detail }) => detail.number))], [2, 1]);
  const last = whole[4];
  const next = ok(await past(support, { p_limit: 5, p_before: last.at, p_before_id: last.id }));
  assert.deepEqual(next.map(({ id }) => id), whole.slice(5, 10).map(({ id }) => id));
  assert.ok(ok(await past(sales)).every(({ source }) => source !== "conversation"));
  fails(await past(stranger), 404, "contact.not_found");
});

test("sales looks on and changes nothing; nobody else knows of it", async () => {
  assert.equal(ok(await sales.client.from("tickets").select("id")).length, 2);
  assert.ok((await timeline(sales)).every(({ source }) => source !== "conversation"));
  fails(await move(sales, "solved"), 403, "workspace.forbidden");
  fails(await say(sales, "note", "Hello"), 403, "workspace.forbidden");
  fails(await move(stranger, "solved"), 404, "ticket.not_found");
  for (const table of ["tickets", "ticket_messages", "ticket_events", "sentiments", "sla_policies"]) {
    assert.deepEqual(ok(await stranger.client.from(table).select()), []);
  }
  assert.equal((await support.client.from("tickets").update({ status: "solved" }).eq("id", ticket.id)).error.code, "42501");
  const demote = { p_workspace_id: workspace, p_user_id: sales.id, p_role: "viewer" };
  ok(await owner.client.rpc("change_member_role", demote));
  assert.deepEqual(ok(await sales.client.from("tickets").select("id")), []);
});
