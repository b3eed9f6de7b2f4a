// A campaign from the first contact to the last number: consent, segment, sending, opening, clicking, leaving.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { anon, buyPlan, fails, join, listen, mail, ok, service, signUp, until } from "./support.mjs";

const lettersTo = (email) => mail("list", "--to", email).mails.filter(({ subject }) => /spring/i.test(subject));
const address = (name) => `${name}-${randomUUID().slice(0, 8)}@people.example.com`;

let owner, marketer, seller, viewer, stranger, team, campaign, link;
const people = { ada: address("ada"), bob: address("bob"), cleo: address("cleo") };
const SENDER = { sender_name: "Morvan & Co", postal_address: "1 Quai du Port, Brest", mails_per_second: 100 };
const VIPS = {
  all: [
    { field: "tags", op: "has_any", value: ["vip"] },
    { not: { field: "lifecycle", op: "eq", value: "lost" } },
  ],
};

const draft = async (segment, more = {}) => {
  const row = { workspace_id: team, name: "Spring", segment_id: segment, subject: "Spring for {{first_name|you}}" };
  const body = "# It is spring\n\nDear {{name|friend}},\n\n[Come and see](https://example.com/spring?for={{email}})";
  return ok(await marketer.client.from("campaigns").insert({ ...row, body, ...more }).select().single());
};
const campaignRow = async (id) => ok(await marketer.client.from("campaigns").select().eq("id", id).single());
const ended = (id) => until(() => campaignRow(id), ({ status }) => status === "sent");
const numbers = (id, satisfied) =>
  until(
    async () => ok(await marketer.client.from("campaign_stats").select().eq("campaign_id", id).maybeSingle()),
    (row) => row !== null && satisfied(row),
  );
const schedule = (user, id, more = {}) => user.client.rpc("schedule_campaign", { p_campaign_id: id, ...more });

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
  team = ok(await owner.client.rpc("create_workspace", { p_name: "Morvan" })).id;
  [marketer, viewer] = [await join(owner, team, "marketing"), await join(owner, team, "viewer")];
});

test("without a plan a campaign is a draft", async () => {
  const settings = (more) => marketer.client.from("marketing_settings").upsert({ workspace_id: team, ...SENDER, ...more });
  fails(await settings({ postal_address: "Rue" }), 400, "marketing.postal_invalid");
  ok(await settings({}));
  const kept = { workspace_id: team, name: "VIPs", filter: VIPS };
  const segment = ok(await marketer.client.from("segments").insert(kept).select().single());
  campaign = await draft(segment.id);
  fails(await schedule(marketer, campaign.id), 402, "plan.not_entitled");
  await buyPlan(owner, team);
  seller = await join(owner, team, "sales");
});

test("who agreed is noted with where, and a segment shows whom it reaches", async () => {
  const rows = Object.entries(people).map(([name, email]) => ({
    workspace_id: team,
    name: `${name} Brennan`,
    email,
    tags: ["VIP"],
  }));
  const made = ok(await seller.client.from("contacts").insert(rows).select("id, email"));
  const ids = made.filter(({ email }) => email !== people.cleo).map(({ id }) => id);
  const said = { p_contact_ids: ids, p_consent: "granted", p_source: "Form at the fair" };
  fails(await seller.client.rpc("set_contact_consent", said), 403, "workspace.forbidden");
  assert.equal(ok(await marketer.client.rpc("set_contact_consent", said)), 2);
  const seen = ok(await marketer.client.rpc("preview_segment", { p_workspace_id: team, p_filter: VIPS }));
  assert.deepEqual([seen.count, seen.mailable, seen.examples.length], [3, 2, 3]);
  const list = (user, more = {}) =>
    user.client.rpc("list_segment_contacts", { p_segment_id: campaign.segment_id, ...more }).select("id, name, created_at");
  const [first, ...rest] = ok(await list(marketer, { p_limit: 1 }));
  assert.deepEqual(rest, []);
  const next = ok(await list(marketer, { p_after_created_at: first.created_at, p_after_id: first.id }));
  assert.equal(new Set([first, ...next].map(({ id }) => id)).size, 3);
  fails(await list(viewer), 404, "segment.not_found");
  const tagged = marketer.client.from("contacts").update({ tags: ["VIP", "fair"] }).eq("id", first.id).select("tags");
  assert.deepEqual(ok(await tagged), [{ tags: ["VIP", "fair"] }]);
  const wrong = { p_workspace_id: team, p_filter: { field: "password", op: "eq", value: "x" } };
  fails(await marketer.client.rpc("preview_segment", wrong), 400, "segment.filter_invalid");
  const proof = ok(await marketer.client.from("consent_events").select("consent, source, created_by"));
  const entry = { consent: "granted", source: "Form at the fair", created_by: marketer.id };
  assert.deepEqual(proof, [entry, entry]);
});

test("a campaign is for those who answer for it", async () => {
  fails(await schedule(seller, campaign.id), 403, "workspace.forbidden");
  fails(await schedule(viewer, campaign.id), 404, "campaign.not_found");
  fails(await schedule(stranger, campaign.id), 404, "campaign.not_found");
  assert.deepEqual(ok(await viewer.client.from("campaigns").select("id")), []);
  const { error } = await seller.client.from("campaigns").insert({ workspace_id: team, name: "Mine" });
  assert.equal(error.code, "42501");
  const change = await marketer.client.from("campaigns").update({ body: "{{password}}" }).eq("id", campaign.id);
  fails(change, 400, "campaign.bad_placeholder");
});

test("it is sent to who agreed, each their own, and watched", async () => {
  const { heard, status } = await listen(marketer, `workspace:${team}`, ["campaign.status", "campaign.stats"]);
  assert.equal(status, "SUBSCRIBED");
  assert.equal(ok(await schedule(marketer, campaign.id)).status, "scheduled");
  await ended(campaign.id);
  const row = await numbers(campaign.id, ({ sent, waiting }) => sent === 2 && waiting === 0);
  assert.deepEqual([row.recipients, row.failed, row.unknown], [2, 0, 0]);
  await until(() => heard["campaign.status"].map(({ status: now }) => now), (all) => all.includes("sent"));
  await until(() => heard["campaign.stats"], (all) => all.length > 0);
  assert.deepEqual(heard["campaign.stats"][0].campaign_id, campaign.id);
  assert.equal("sent" in heard["campaign.stats"][0], false);
  const [letter, ...more] = lettersTo(people.ada);
  assert.deepEqual([letter.subject, more], ["Spring for ada", []]);
  assert.match(letter.text, /Dear ada Brennan,/);
  assert.match(letter.text, /1 Quai du Port, Brest/);
  link = /Unsubscribe: (\S+)/.exec(letter.text)[1];
  assert.deepEqual(lettersTo(people.cleo), []);
});

test("opening and clicking are counted, and links lead only where they were made to", async () => {
  const [{ html }] = lettersTo(people.ada);
  const pixel = /<img src="([^"]+)"/.exec(html)[1].replaceAll("&amp;", "&");
  const picture = await fetch(pixel);
  assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/gif"]);
  const click = /<a href="([^"]+track[^"]+)"/.exec(html)[1].replaceAll("&amp;", "&");
  const led = await fetch(click, { redirect: "manual" });
  assert.equal(led.status, 302);
  const target = `https://example.com/spring?for=${encodeURIComponent(people.ada)}`;
  assert.equal(led.headers.get("location"), target);
  const elsewhere = new URL(click);
  elsewhere.searchParams.set("u", "https://evil.example.com/");
  const refused = await fetch(elsewhere, { redirect: "manual" });
  assert.deepEqual([refused.status, (await refused.json()).code], [404, "track.link_invalid"]);
  const row = await numbers(campaign.id, ({ clicked }) => clicked === 1);
  assert.deepEqual([row.opened, row.opens, row.clicks], [1, 1, 1]);
});

test("looking at the unsubscribe page changes nothing, one click does", async () => {
  const page = await fetch(link, { headers: { "accept-language": "fr" } });
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<form method="post">/);
  assert.equal((await numbers(campaign.id, () => true)).unsubscribed, 0);
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const done = await fetch(link, { method: "POST", headers: form, body: "List-Unsubscribe=One-Click" });
  assert.equal(done.status, 200);
  assert.equal((await numbers(campaign.id, ({ unsubscribed }) => unsubscribed === 1)).unsubscribed, 1);
  const contact = ok(await seller.client.from("contacts").select("email_consent").eq("email", people.ada).single());
  assert.equal(contact.email_consent, "withdrawn");
  const forged = await fetch(link.replace(/s=./, (start) => (start === "s=0" ? "s=1" : "s=0")), { method: "POST" });
  assert.deepEqual([forged.status, (await forged.json()).code], [404, "unsubscribe.link_invalid"]);
});

test("who left gets no more, though a new campaign is scheduled, taken back and sent", async () => {
  const missed = { field: "campaign", op: "not_received", value: campaign.id };
  const left = ok(await marketer.client.rpc("preview_segment", { p_workspace_id: team, p_filter: missed }));
  assert.deepEqual(left.examples.map(({ email }) => email), [people.cleo]);
  const second = await draft(campaign.segment_id);
  const at = new Date(Date.now() + 3600_000).toISOString();
  assert.equal(ok(await schedule(marketer, second.id, { p_at: at })).status, "scheduled");
  const locked = await marketer.client.from("campaigns").update({ subject: "Late" }).eq("id", second.id);
  fails(locked, 409, "campaign.not_draft");
  const act = (p_act) => marketer.client.rpc("act_on_campaign", { p_campaign_id: second.id, p_act });
  fails(await act("pause"), 409, "campaign.wrong_state");
  assert.equal(ok(await act("unschedule")).status, "draft");
  ok(await schedule(marketer, second.id));
  await ended(second.id);
  const recipients = await marketer.client.from("campaign_recipients").select("email").eq("campaign_id", second.id);
  assert.deepEqual(ok(recipients), [{ email: people.bob }]);
  assert.deepEqual([lettersTo(people.ada).length, lettersTo(people.bob).length], [1, 2]);
});

test("keys of links are for servers only", async () => {
  for (const client of [anon(), owner.client]) {
    const { error } = await client.rpc("link_keys");
    assert.equal(error.code, "42501");
  }
  assert.equal(Object.keys(ok(await service().rpc("link_keys"))).length, 1);
});
