// Numbers in real time: a dashboard is read, a deal is won, everybody hears, the numbers follow.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { fails, listen, ok, signUp, until } from "./support.mjs";

let owner, stranger;

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
});

const dashboard = async (domain) =>
  ok(await owner.client.rpc("dashboard", { p_workspace_id: owner.workspace, p_domain: domain }));

describe("a dashboard", () => {
  test("follows what happens while somebody looks", async () => {
    const before = await dashboard("sales");
    assert.deepEqual(before.numbers.won_30_days, {});
    assert.equal(before.numbers.days.length, 30);
    const { heard, status, error } = await listen(owner, `workspace:${owner.workspace}`, ["dashboard.changed"]);
    assert.equal(status, "SUBSCRIBED", String(error));
    ok(await owner.client.rpc("create_pipeline", { p_workspace_id: owner.workspace, p_name: "Boats" }));
    const deal = ok(
      await owner.client.rpc("create_deal", { p_workspace_id: owner.workspace, p_title: "A boat", p_amount: 900 }),
    );
    const stages = ok(await owner.client.from("stages").select("*").eq("pipeline_id", deal.pipeline_id));
    ok(await owner.client.rpc("move_deal", { p_deal_id: deal.id, p_stage_id: stages.find((s) => s.kind === "won").id }));
    const after = await until(
      () => dashboard("sales"),
      ({ numbers }) => numbers.won_30_days.EUR?.deals === 1,
      20,
    );
    assert.equal(Number(after.numbers.won_30_days.EUR.amount), 900);
    assert.ok(heard["dashboard.changed"].every(({ domain, numbers }) => domain === "sales" && numbers === undefined));
    await until(() => heard["dashboard.changed"], (all) => all.length > 0, 10);
    const stored = ok(await owner.client.from("dashboards").select("numbers").eq("domain", "sales").single());
    assert.deepEqual(stored.numbers, after.numbers);
  });

  test("is there for each department", async () => {
    assert.deepEqual((await dashboard("service")).numbers.by_status, {});
    assert.deepEqual((await dashboard("marketing")).numbers.campaigns, {});
    assert.deepEqual((await dashboard("learning")).numbers.by_course, []);
    assert.equal((await dashboard("portfolio")).numbers.visitors_30_days, 0);
  });

  test("is nobody else's", async () => {
    const asked = { p_workspace_id: owner.workspace, p_domain: "sales" };
    fails(await stranger.client.rpc("dashboard", asked), 404, "workspace.not_found");
    assert.deepEqual(ok(await stranger.client.from("dashboards").select("*").eq("workspace_id", owner.workspace)), []);
    fails(await owner.client.rpc("dashboard", { ...asked, p_domain: "weather" }), 400, "dashboard.unknown");
  });
});
