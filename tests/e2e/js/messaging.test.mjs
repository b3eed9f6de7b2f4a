// A channel is set up, somebody outside writes, and the answer is seen; keys and secrets are shown once or never.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { anon, fails, listen, ok, signUp, until } from "./support.mjs";

const HANDBOOK = 
  "The lighthouse of Morvan was lit in 1871. Its first keeper was Ada Brennan, who stayed for 30 years.";
let owner, channel;

before(async () => {
  owner = await signUp("owner");
  channel = ok(await owner.client.rpc("create_channel", { p_workspace_id: owner.workspace, p_name: "WhatsApp" }));
});

function write(text, { secret = channel.secret, id = "4711", language = "English" } = {}) {
  return fetch(`${process.env.SUPABASE_URL}/functions/v1/manychat?channel=${channel.channel_id}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-lamina-secret": secret },
    body: JSON.stringify({ id, name: "Marie", language, last_input_text: text, last_interaction: "now" }),
  });
}

test("somebody writes, is acknowledged at once, and answered from the documents", async () => {
  const made = await owner.client.rpc("create_text_document", {
    p_workspace_id: owner.workspace,
    p_title: "Handbook",
    p_content: HANDBOOK,
  });
  const { id } = ok(made);
  await until(
    async () => ok(await owner.client.from("documents").select("status").eq("id", id).single()),
    ({ status }) => status === "processed",
  );
  const acknowledged = await (await write("When was the lighthouse of Morvan lit?")).json();
  assert.deepEqual(acknowledged.content.messages, [{ type: "text", text: "OK, got it" }]);
  const [contact] = ok(await owner.client.from("contacts").select("id, name, language"));
  assert.deepEqual([contact.name, contact.language], ["Marie", "en"]);
  const [, answer] = await until(
    async () => ok(await owner.client.from("messages").select().eq("contact_id", contact.id).order("seq")),
    (messages) => messages[1]?.status === "complete",
  );
  assert.match(answer.content, /1871/);
  assert.equal(answer.citations[0].title, "Handbook");
});

test("without a page key nothing can be sent, and the outbox says so", async () => {
  const [delivery] = await until(
    async () => ok(await owner.client.from("message_deliveries").select()),
    ([first]) => first?.status === "failed",
  );
  assert.equal(delivery.error_code, "channel.no_key");
  const again = ok(await owner.client.rpc("resend_message", { p_delivery_id: delivery.id }));
  assert.equal(again.status, "queued");
});

test("what the documents do not answer is passed on, in the customer's language, and somebody is told", async () => {
  const mine = { p_channel_id: channel.channel_id };
  fails(await owner.client.rpc("update_channel", { ...mine, p_on_unanswered: "shrug" }), 400, "channel.bad_unanswered");
  const set = { ...mine, p_on_unanswered: "ticket", p_passed_on_texts: { fr: "Je demande à l’équipe.", en: "I ask the team." } };
  assert.equal(ok(await owner.client.rpc("update_channel", set)).on_unanswered, "ticket");
  assert.equal((await write("Quels sont vos tarifs ?", { id: "4712", language: "French" })).status, 200);
  const [ticket] = await until(
    async () => ok(await owner.client.from("tickets").select("id, subject, conversation_id")),
    ({ length }) => length === 1,
  );
  assert.equal(ticket.subject, "Quels sont vos tarifs ?");
  const messages = ok(
    await owner.client.from("messages").select("content").eq("conversation_id", ticket.conversation_id).order("seq"),
  );
  assert.deepEqual(messages.map(({ content }) => content), ["Quels sont vos tarifs ?", "Je demande à l’équipe."]);
  const [told] = ok(await owner.client.from("notifications").select("data").eq("kind", "ticket_unanswered"));
  assert.equal(told.data.ticket_id, ticket.id);
});

test("a voice message is kept, and the customer learns that only text is read", async () => {
  const sent = await write("https://many.example.test/voice/1.ogg", { id: "4713" });
  assert.equal(sent.status, 200);
  assert.deepEqual((await sent.json()).content.messages, [{ type: "text", text: "I can only read text for now." }]);
  assert.equal(ok(await owner.client.from("messages").select().eq("content", "[audio]")).length, 1);
});

test("the inbox shows who wrote, what was answered and what became of it, and is searched", async () => {
  const mine = { p_workspace_id: owner.workspace };
  ok(await owner.client.from("conversations").insert({ workspace_id: owner.workspace, title: "Mine" }));
  const inbox = ok(await owner.client.rpc("list_conversations", { ...mine, p_kind: "contacts" }));
  const thread = inbox.find((row) => row.last_message.includes("1871"));
  assert.deepEqual([thread.kind, thread.contact_name, thread.channel_id], ["contacts", "Marie", channel.channel_id]);
  assert.ok(inbox.every(({ kind }) => kind === "contacts"));
  const own = ok(await owner.client.rpc("list_conversations", { ...mine, p_kind: "own" }));
  assert.deepEqual(own.map(({ title, kind }) => [title, kind]), [["Mine", "own"]]);
  fails(await owner.client.rpc("list_conversations", { ...mine, p_kind: "all" }), 400, "conversation.bad_kind");
  const [answer, question] = ok(await owner.client.rpc("list_messages", { p_conversation_id: thread.id }));
  assert.deepEqual([question.is_human, question.delivery, answer.is_human], [true, null, false]);
  const [stored] = ok(await owner.client.from("message_deliveries").select("id").eq("message_id", answer.id));
  assert.equal(answer.delivery.id, stored.id);
  const found = ok(await owner.client.rpc("search_history", { ...mine, p_query: "Morvan" }));
  assert.deepEqual(found.map(({ kind }) => kind).sort(), ["contact", "reply"]);
});

test("a channel that changes is heard", async () => {
  const { heard, status } = await listen(owner, `workspace:${owner.workspace}`, ["channel.changed"]);
  assert.equal(status, "SUBSCRIBED");
  for (const p_is_enabled of [false, true]) {
    ok(await owner.client.rpc("update_channel", { p_channel_id: channel.channel_id, p_is_enabled }));
  }
  const said = await until(() => heard["channel.changed"], ({ length }) => length === 2);
  assert.deepEqual(said.map((each) => [each.channel_id, each.status]), [
    [channel.channel_id, "disabled"],
    [channel.channel_id, "active"],
  ]);
});

test("a wrong secret is refused", async () => {
  const refused = await write("Hello", { secret: "guessed" });
  assert.deepEqual([refused.status, (await refused.json()).code], [401, "channel.unauthorised"]);
});

test("a new secret works beside the old one, and neither is read back", async () => {
  const secret = ok(await owner.client.rpc("rotate_channel_secret", { p_channel_id: channel.channel_id }));
  for (const each of [secret, channel.secret]) {
    assert.equal((await write(`With ${each.slice(-4)}`, { secret: each })).status, 200);
  }
  const shown = JSON.stringify(ok(await owner.client.from("channels").select()));
  assert.ok(!shown.includes(secret));
});

test("a channel and its people are nobody else's business", async () => {
  const stranger = await signUp("stranger");
  const [thread] = ok(await owner.client.rpc("list_conversations", { p_workspace_id: owner.workspace, p_kind: "contacts" }));
  const end = { p_conversation_id: thread.id };
  fails(await stranger.client.rpc("delete_conversation", end), 404, "conversation.not_found");
  ok(await owner.client.rpc("delete_conversation", end));
  fails(await owner.client.rpc("delete_conversation", end), 404, "conversation.not_found");
  for (const table of ["channels", "contacts", "contact_identities", "message_deliveries", "webhook_endpoints"]) {
    assert.deepEqual(ok(await stranger.client.from(table).select()), []);
    assert.notEqual((await anon().from(table).select()).error, null);
  }
  fails(
    await stranger.client.rpc("delete_channel", { p_channel_id: channel.channel_id }),
    404,
    "channel.not_found",
  );
});

test("webhooks take only addresses of the web, and their secret is shown once", async () => {
  const wish = { p_workspace_id: owner.workspace, p_events: ["message.received"] };
  fails(
    await owner.client.rpc("create_webhook_endpoint", { ...wish, p_url: "http://10.0.0.1/" }),
    400,
    "webhook.bad_address",
  );
  const made = ok(
    await owner.client.rpc("create_webhook_endpoint", { ...wish, p_url: "https://crm.example.test/hook" }),
  );
  const [shown] = ok(await owner.client.from("webhook_endpoints").select());
  assert.equal(shown.secret_last4, made.secret.slice(-4));
  assert.ok(!JSON.stringify(shown).includes(made.secret));
  ok(await owner.client.rpc("delete_webhook_endpoint", { p_endpoint_id: made.endpoint_id }));
});
