// An owner connects a newsletter and an ERP: contacts go out, signed events come in, credentials are never seen again.
import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { buyPlan, fails, join, listen, ok, signUp, until } from "./support.mjs";

const KEY = "0123456789abcdef0123456789abcdef-us21";
const FIELDS = { fields: { external_id: "customer.id", email: "customer.mail", name: "customer.name" } };
let owner, marketer, workspace, newsletter, erp;

const agree = (id) =>
  marketer.client.rpc("set_contact_consent", {
    p_contact_ids: [id],
    p_consent: "granted",
    p_source: "fair",
  });

const create = (who, kind, settings, credentials) =>
  who.client.rpc("create_connection", {
    p_workspace_id: workspace,
    p_kind: kind,
    p_name: kind,
    p_settings: settings,
    ...(credentials && { p_credentials: credentials }),
  });

const connection = async (id, who = owner) =>
  ok(await who.client.from("connections").select().eq("id", id).single());

function post(body, { secret = erp.secret, id = erp.connection_id, at = Date.now() } = {}) {
  const text = JSON.stringify(body);
  const time = Math.floor(at / 1000);
  const digest = createHmac("sha256", secret).update(`${time}.${text}`).digest("hex");
  return fetch(`${process.env.SUPABASE_URL}/functions/v1/inbound?connection=${id}`, {
    method: "POST",
    headers: { "content-type": "application/json", "lamina-signature": `t=${time},v1=${digest}` },
    body: text,
  });
}

before(async () => {
  owner = await signUp("owner");
  workspace = ok(await owner.client.rpc("create_workspace", { p_name: "Engines" })).id;
});

test("without a plan nothing is connected", async () => {
  fails(await create(owner, "generic", FIELDS), 402, "plan.not_entitled");
  await buyPlan(owner, workspace);
  marketer = await join(owner, workspace, "marketing");
});

test("a newsletter is connected and tested; nobody sees the key again", async () => {
  fails(
    await create(owner, "mailchimp", { list_id: "abc1234567" }, { api_key: "guessed" }),
    400,
    "connection.bad_credentials",
  );
  fails(
    await create(owner, "mailchimp", { host: "evil.example" }, { api_key: KEY }),
    400,
    "connection.bad_settings",
  );
  newsletter =
    ok(await create(owner, "mailchimp", { list_id: "abc1234567" }, { api_key: KEY })).connection_id;
  const seen = await until(() => connection(newsletter, marketer), ({ last_ok_at }) => last_ok_at !== null);
  assert.deepEqual([seen.status, seen.is_offline, seen.credential_last4], ["active", true, "cdef"]);
  assert.ok(!JSON.stringify(seen).includes(KEY.slice(0, 30)));
  const secrets = await owner.client.schema("app").from("connection_secrets").select();
  assert.notEqual(secrets.error, null);
});

test("who consented is synchronised, who did not is not", async () => {
  const hint = await listen(owner, `workspace:${workspace}`, ["connection.changed"]);
  assert.equal(hint.status, "SUBSCRIBED");
  const people = ["ada", "bob"].map((name) => ({
    id: randomUUID(),
    workspace_id: workspace,
    name,
    email: `${name}@example.com`,
  }));
  ok(await owner.client.from("contacts").insert(people));
  assert.equal(ok(await agree(people[0].id)), 1);
  ok(await owner.client.rpc("sync_connection", { p_connection_id: newsletter }));
  const records = await until(
    async () => ok(await marketer.client.from("connection_records").select().eq("connection_id", newsletter)),
    ([record]) => record?.status === "synced",
  );
  assert.deepEqual(records.map(({ contact_id }) => contact_id), [people[0].id]);
  await until(() => hint.heard["connection.changed"].length, (heard) => heard > 0);
});

test("in full, what was sent is sent again", async () => {
  const record = async () =>
    ok(await marketer.client.from("connection_records").select().eq("connection_id", newsletter).single());
  const before = await record();
  ok(await owner.client.rpc("sync_connection", { p_connection_id: newsletter, p_is_full: true }));
  const after = await until(record, ({ updated_at }) => updated_at > before.updated_at);
  assert.deepEqual([after.status, after.sent_hash], ["synced", before.sent_hash]);
});

test("an ERP sends a signed event, and a contact appears once", async () => {
  erp = ok(await create(owner, "generic", FIELDS));
  assert.match(erp.secret, /^lmc_/);
  const event = { id: "evt-1", customer: { id: 7, mail: "grace@example.com", name: "Grace" } };
  const answers = await Promise.all([post(event), post(event)]);
  assert.deepEqual(answers.map(({ status }) => status), [202, 202]);
  const outcomes = await Promise.all(answers.map((answer) => answer.json()));
  assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), ["accepted", "duplicate"]);
  const grace = () => owner.client.from("contacts").select("name, source").eq("email", "grace@example.com");
  assert.deepEqual(await until(async () => ok(await grace()), ({ length }) => length > 0), [{
    name: "Grace",
    source: "generic",
  }]);
  const [listed] = ok(await owner.client.rpc("list_inbound_events", { p_connection_id: erp.connection_id }));
  assert.deepEqual([listed.event_id, listed.status], ["evt-1", "applied"]);
});

test("what is not signed, or long ago, is refused", async () => {
  for (
    const [more, status, code] of [
      [{ secret: "guessed" }, 401, "inbound.unauthorised"],
      [{ id: randomUUID() }, 401, "inbound.unauthorised"],
      [{ at: Date.now() - 400_000 }, 401, "inbound.stale"],
    ]
  ) {
    const refused = await post({ id: "evt-2" }, more);
    assert.deepEqual([refused.status, (await refused.json()).code], [status, code]);
  }
  assert.equal((await post([])).status, 400);
});

test("marketing sees connections and changes none; strangers see nothing", async () => {
  const named = { p_connection_id: newsletter };
  fails(await marketer.client.rpc("sync_connection", named), 403, "workspace.forbidden");
  fails(await marketer.client.rpc("delete_connection", named), 403, "workspace.forbidden");
  fails(await create(marketer, "generic", FIELDS), 403, "workspace.forbidden");
  const stranger = await signUp("stranger");
  assert.deepEqual(ok(await stranger.client.from("connections").select()), []);
  fails(await stranger.client.rpc("test_connection", named), 404, "connection.not_found");
  const forged = await stranger.client.rpc("receive_inbound", {
    p_connection_id: erp.connection_id,
    p_signature: "t=1",
    p_body: "{}",
  });
  assert.equal(forged.error.code, "42501");
});

test("a secret is rotated, the connection switched off and deleted", async () => {
  const named = { p_connection_id: erp.connection_id };
  const secret = ok(await owner.client.rpc("rotate_connection_secret", named));
  assert.equal(
    (await post({ id: "evt-3", customer: { id: 7, mail: "grace@example.com" } }, { secret })).status,
    202,
  );
  assert.equal(
    ok(await owner.client.rpc("update_connection", { ...named, p_is_enabled: false })).status,
    "disabled",
  );
  const refused = await post({ id: "evt-4" }, { secret });
  assert.deepEqual([refused.status, (await refused.json()).code], [403, "inbound.disabled"]);
  ok(await owner.client.rpc("delete_connection", named));
  assert.equal((await post({ id: "evt-5" }, { secret })).status, 401);
});
