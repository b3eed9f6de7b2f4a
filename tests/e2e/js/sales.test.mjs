// A sales team at work: contacts come in, one is wanted twice, a lead becomes a deal, the board is moved, scores follow.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { randomUUID } from "node:crypto";
import { fails, join, listen, ok, signUp, until } from "./support.mjs";

let owner, sales, support, stranger, workspace, ada, board, lead, deal;

const contact = async (id = ada) => ok(await sales.client.from("contacts").select("*").eq("id", id).single());
const scored = (score) => until(contact, ({ lead_score }) => lead_score === score, 30);
const column = async (stage) => {
  const rows = await sales.client.from("deals").select("title").eq("stage_id", stage.id).order("rank");
  return ok(rows).map(({ title }) => title);
};
const move = (person, id, stage, after = null) =>
  person.client.rpc("move_deal", { p_deal_id: id, p_stage_id: stage.id, p_after_deal_id: after });

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
  workspace = ok(await owner.client.rpc("create_workspace", { p_name: "Sales" })).id;
  [sales, support] = [await join(owner, workspace, "sales"), await join(owner, workspace, "support")];
});

test("contacts are imported once, and what is wrong is named", async () => {
  const wish = {
    p_workspace_id: workspace,
    p_source: "fair",
    p_contacts: [
      { email: "ada@example.com", name: "Ada Lovelace", company: "Engines", job_title: "Director", tags: ["fair"] },
      { email: "paul@example.com", name: "Paul" },
      { name: "Nobody" },
    ],
  };
  const done = ok(await sales.client.rpc("import_contacts", wish));
  assert.deepEqual([done.created, done.updated, done.refused.map(({ index }) => index)], [2, 0, [2]]);
  assert.equal(ok(await sales.client.rpc("import_contacts", wish)).unchanged, 2);
  ada = ok(await sales.client.from("contacts").select("id").eq("email", "ada@example.com").single()).id;
  fails(await stranger.client.rpc("import_contacts", wish), 404, "workspace.not_found");
});

test("a double is found and merged", async () => {
  const twice = { workspace_id: workspace, name: "lovelace, ada", phone: "+44 20 7946 0000" };
  const { id } = ok(await sales.client.from("contacts").insert(twice).select("id").single());
  const groups = ok(await sales.client.rpc("find_duplicates", { p_workspace_id: workspace, p_contact_id: id }));
  assert.deepEqual(groups.map(({ reason, contact_ids }) => [reason, contact_ids]), [["name", [ada, id]]]);
  const pair = { p_keep_id: ada, p_lose_id: id };
  fails(await support.client.rpc("merge_contacts", pair), 403, "workspace.forbidden");
  const merged = ok(await sales.client.rpc("merge_contacts", pair));
  assert.deepEqual([merged.name, merged.phone], ["Ada Lovelace", "+44 20 7946 0000"]);
  fails(await sales.client.rpc("merge_contacts", pair), 404, "contact.not_found");
});

test("a lead becomes a deal on the board", async () => {
  const pipeline = ok(await sales.client.rpc("create_pipeline", { p_workspace_id: workspace, p_name: "Engines" }));
  board = ok(await support.client.from("stages").select("*").eq("pipeline_id", pipeline.id).order("position"));
  assert.deepEqual(board.map(({ kind }) => kind), ["open", "open", "open", "won", "lost"]);
  const wish = { workspace_id: workspace, contact_id: ada, interest: "Three engines", owner_id: sales.id };
  assert.equal((await support.client.from("leads").insert(wish)).error.code, "42501");
  fails(await sales.client.from("leads").insert({ ...wish, interest: " " }), 400, "lead.bad_interest");
  fails(await sales.client.from("leads").insert({ ...wish, contact_id: randomUUID() }), 404, "lead.unknown_reference");
  fails(await sales.client.from("contacts").insert({ workspace_id: workspace, phone: "1" }), 400, "contact.bad_field");
  lead = ok(await sales.client.from("leads").insert(wish).select("*").single());
  fails(await sales.client.from("leads").update({ status: "converted" }).eq("id", lead.id), 409, "lead.conversion_only");
  assert.equal((await contact()).lifecycle, "lead");
  const conversion = { p_lead_id: lead.id, p_amount: 9000, p_expected_close: "2027-03-15" };
  fails(await support.client.rpc("convert_lead", conversion), 403, "workspace.forbidden");
  deal = ok(await sales.client.rpc("convert_lead", conversion));
  assert.deepEqual([deal.title, deal.contact_id, deal.owner_id], ["Three engines", ada, sales.id]);
  assert.equal(ok(await sales.client.rpc("convert_lead", conversion)).id, deal.id);
});

test("deals keep the order people give them, and others hear of it", async () => {
  const { heard, status } = await listen(support, `workspace:${workspace}`, ["deal"]);
  assert.equal(status, "SUBSCRIBED");
  const ids = {};
  for (const title of ["A", "B", "C"]) {
    const wish = { p_workspace_id: workspace, p_title: title, p_deal_id: randomUUID(), p_amount: 100 };
    ids[title] = ok(await sales.client.rpc("create_deal", wish)).id;
    assert.equal(ok(await sales.client.rpc("create_deal", wish)).id, ids[title]);
  }
  assert.deepEqual(await column(board[0]), ["C", "B", "A", "Three engines"]);
  ok(await move(sales, ids.A, board[0]));
  ok(await move(sales, deal.id, board[0], ids.C));
  assert.deepEqual(await column(board[0]), ["A", "C", "Three engines", "B"]);
  ok(await move(sales, ids.C, board[1]));
  fails(await move(sales, ids.B, board[0], ids.C), 409, "deal.neighbour_moved");
  fails(await move(support, ids.B, board[1]), 403, "workspace.forbidden");
  fails(await move(stranger, ids.B, board[1]), 404, "deal.not_found");
  await until(() => heard.deal, (hints) => hints.some(({ id, operation }) => id === ids.C && operation === "MOVE"), 10);
  fails(await sales.client.rpc("delete_stage", { p_stage_id: board[1].id }), 409, "stage.in_use");
});

test("the forecast weighs what is open, and winning makes a customer", async () => {
  const forecast = async () =>
    ok(await support.client.rpc("deal_forecast", { p_workspace_id: workspace, p_from: "2027-03-01", p_to: "2027-03-31" }));
  ok(await move(sales, deal.id, board[2]));
  const [march] = await forecast();
  assert.deepEqual([march.month, march.currency, Number(march.weighted_amount)], ["2027-03-01", "EUR", 5400]);
  const won = ok(await move(sales, deal.id, board[3]));
  assert.ok(won.closed_at);
  assert.deepEqual(await forecast(), []);
  assert.equal((await contact()).lifecycle, "customer");
  const stays = ok(await sales.client.from("deal_stage_stays").select("stage_name, left_at").eq("deal_id", deal.id).order("id"));
  assert.deepEqual(stays.map(({ stage_name }) => stage_name), ["New", "Offer sent", "Won"]);
});

test("a deal goes to another board, and a board nobody needs is archived; all of it is heard", async () => {
  const { heard, status } = await listen(owner, `workspace:${workspace}`, ["pipeline", "stage", "lead"]);
  assert.equal(status, "SUBSCRIBED");
  const other = ok(await sales.client.rpc("create_pipeline", { p_workspace_id: workspace, p_name: "Repairs" }));
  const stages = ok(await sales.client.from("stages").select("*").eq("pipeline_id", other.id).order("position"));
  const retire = (person) => person.client.rpc("archive_pipeline", { p_pipeline_id: other.id });
  const wish = { p_workspace_id: workspace, p_title: "Repair", p_pipeline_id: other.id };
  const repair = ok(await sales.client.rpc("create_deal", wish));
  fails(await retire(sales), 409, "pipeline.has_open_deals");
  assert.equal(ok(await move(sales, repair.id, board[1])).pipeline_id, board[1].pipeline_id);
  fails(await retire(support), 403, "workspace.forbidden");
  assert.ok(ok(await retire(sales)).archived_at);
  fails(await move(sales, repair.id, stages[0]), 409, "pipeline.archived");
  ok(await sales.client.from("leads").update({ note: "Call back." }).eq("id", lead.id));
  const came = (hints, wanted) => hints.some(({ id, operation }) => id === wanted && operation === "UPDATE");
  await until(() => heard.lead, (hints) => came(hints, lead.id), 10);
  await until(() => heard.pipeline, (hints) => came(hints, other.id), 10);
  assert.equal(heard.stage.filter(({ pipeline_id }) => pipeline_id === other.id).length, 5);
});

test("scores follow, with their reasons, and a person has the last word", async () => {
  fails(await support.client.rpc("score_contact", { p_contact_id: ada }), 403, "workspace.forbidden");
  ok(await sales.client.rpc("score_contact", { p_contact_id: ada }));
  await scored(12 + 8 + 10 + 10);
  const { factors } = ok(await support.client.from("contact_scores").select("factors").eq("contact_id", ada).single());
  assert.deepEqual(factors.map(({ name }) => name), ["profile", "decides", "bought_before", "recency"]);
  ok(await sales.client.rpc("override_score", { p_contact_id: ada, p_score: 99, p_reason: "She called." }));
  assert.equal((await contact()).lead_score, 99);
  fails(await sales.client.rpc("override_score", { p_contact_id: ada, p_score: 101, p_reason: "x" }), 400, "score.bad_override");
  ok(await sales.client.rpc("clear_score_override", { p_contact_id: ada }));
  assert.equal((await contact()).lead_score, 40);
  const causes = ok(await sales.client.from("lead_scores").select("cause").eq("contact_id", ada).order("id", { ascending: false }));
  assert.deepEqual(causes.slice(0, 2).map(({ cause }) => cause), ["cleared", "override"]);
  assert.equal((await sales.client.from("contacts").update({ lead_score: 100 }).eq("id", ada)).error.code, "42501");
});

test("a model is asked only where an admin wants it, and its failure changes nothing", async () => {
  const wish = { p_contact_id: ada };
  fails(await sales.client.rpc("ask_score_opinion", wish), 409, "score.opinion_off");
  ok(await owner.client.from("workspace_settings").upsert({ workspace_id: workspace, lead_opinion: true }));
  const job = ok(await sales.client.rpc("ask_score_opinion", wish));
  const ended = await until(
    async () => ok(await sales.client.from("jobs").select("status, error_code").eq("id", job).single()),
    ({ status }) => !["queued", "running"].includes(status),
  );
  assert.deepEqual(ended, { status: "failed", error_code: "llm.offline_cannot" });
  assert.equal((await contact()).lead_score, 40);
});

test("who becomes a viewer sees no sales any more", async () => {
  assert.ok(ok(await support.client.from("deals").select("id")).length > 0);
  const demotion = { p_workspace_id: workspace, p_user_id: support.id, p_role: "viewer" };
  ok(await owner.client.rpc("change_member_role", demotion));
  for (const table of ["contacts", "leads", "deals", "stages", "contact_scores"]) {
    assert.deepEqual(ok(await support.client.from(table).select("*")), [], table);
  }
  const wish = { p_workspace_id: workspace, p_contacts: [{ email: "x@example.com" }] };
  fails(await support.client.rpc("import_contacts", wish), 403, "workspace.forbidden");
  fails(await support.client.rpc("deal_forecast", { p_workspace_id: workspace }), 403, "workspace.forbidden");
});
