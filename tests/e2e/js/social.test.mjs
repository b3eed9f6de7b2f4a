// A workspace shows its figures: accounts, the doors of figures, designs and notices, and who may not.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { randomUUID } from "node:crypto";
import { admit, anon, fails, listen, ok, signUp, until } from "./support.mjs";

const USERNAME = `ada-${randomUUID().slice(0, 8)}`;
let owner, viewer, stranger, team, repo;

/** What a door answers: status and body. */
async function knock(client, name, body) {
  const { data, error } = await client.functions.invoke(name, { body });
  if (error === null) return { status: 200, body: data };
  return { status: error.context.status, body: await error.context.json() };
}
const refused = async (client, name, body, status, code) => {
  const said = await knock(client, name, body);
  assert.deepEqual([said.status, said.body.code], [status, code]);
};
const add = (user, workspace, subject, more = {}) =>
  user.client.rpc("add_social_account", {
    p_workspace_id: workspace,
    p_platform: "github",
    p_kind: "repo",
    p_subject: subject,
    ...more,
  });

before(async () => {
  [owner, viewer, stranger] = [await signUp("owner"), await signUp("viewer"), await signUp("stranger")];
  team = ok(await owner.client.rpc("create_workspace", { p_name: "Harbour" })).id;
  await admit(owner, team, viewer, "viewer");
});

describe("figures", () => {
  test("come within moments, and members hear of them", async () => {
    const { heard, status } = await listen(viewer, `workspace:${team}`, ["social.snapshot"]);
    assert.equal(status, "SUBSCRIBED");
    repo = ok(await add(owner, team, "ada/harbour"));
    assert.deepEqual([repo.status, repo.token_last4], ["active", null]);
    const row = await until(
      async () => ok(await viewer.client.rpc("get_social_metrics", { p_workspace_id: team }))[0],
      (found) => found.status === "ok",
    );
    assert.deepEqual([row.is_stale, row.source, row.subject], [false, "offline", "ada/harbour"]);
    assert.deepEqual([row.metrics.stars, row.metrics.forks, row.metrics.watchers, row.metrics.likes], [80, 0, 42, null]);
    await until(() => heard["social.snapshot"], (events) => events.some((event) => event.account_id === repo.id), 10);
    const [day] = ok(await viewer.client.from("social_snapshots").select("day, stars, likes"));
    assert.deepEqual([day.stars, day.likes], [80, null]);
  });

  test("that cannot be read are unavailable, not 0, and who added the account is told", async () => {
    const { heard, status } = await listen(owner, `workspace:${team}`, ["social.account"]);
    assert.equal(status, "SUBSCRIBED");
    ok(await add(owner, team, "ada/unknown"));
    const row = await until(
      async () =>
        ok(await owner.client.rpc("get_social_metrics", { p_workspace_id: team })).find((one) =>
          one.subject === "ada/unknown"
        ),
      (found) => found.status !== "pending",
    );
    assert.deepEqual([row.status, row.metrics, row.error_code, row.account_status], [
      "unavailable",
      null,
      "social.not_found",
      "broken",
    ]);
    const broke = (event) => event.account_id === row.account_id && event.status === "broken";
    await until(() => heard["social.account"], (events) => events.some(broke), 10);
    const notices = (user) => user.client.from("notifications").select("data").eq("kind", "social_account_broken");
    const [{ data }] = ok(await notices(owner));
    assert.deepEqual([data.account_id, data.what], [row.account_id, "GitHub ada/unknown"]);
    assert.deepEqual(ok(await notices(viewer)), []);
  });

  test("are the members' own", async () => {
    fails(await add(viewer, team, "ada/other"), 403, "workspace.forbidden");
    fails(await add(stranger, team, "ada/other"), 404, "workspace.not_found");
    fails(await add(owner, team, "Ada/Harbour"), 409, "social.exists");
    fails(await stranger.client.rpc("get_social_metrics", { p_workspace_id: team }), 404, "workspace.not_found");
    fails(await anon().rpc("get_social_metrics", { p_workspace_id: team }), 401, "auth.required");
    assert.deepEqual(ok(await stranger.client.from("social_accounts").select("id")), []);
    const secrets = await owner.client.schema("app").from("social_secrets").select("token");
    assert.notEqual(secrets.error, null);
  });

  test("of a username are everybody's, as far as they are public", async () => {
    ok(await owner.client.from("profiles").update({ username: USERNAME }).eq("user_id", owner.id));
    const shown = ok(await add(owner, owner.workspace, "ada", { p_kind: "user" }));
    assert.deepEqual((await knock(anon(), "getSocialMetrics", { username: USERNAME })).body, { accounts: [] });
    ok(await owner.client.rpc("update_social_account", { p_account_id: shown.id, p_is_public: true }));
    const { accounts: [row] } = await until(
      async () => (await knock(anon(), "getSocialMetrics", { username: USERNAME })).body,
      ({ accounts }) => accounts[0]?.status === "ok",
    );
    assert.deepEqual([row.metrics.followers, row.metrics.following], [7, 0]);
  });

  test("of a team's public portfolio are at its address, with the work they belong to", async () => {
    const { client } = owner;
    ok(await client.from("portfolios").insert({ workspace_id: team, title: "Harbour", is_public: true }));
    const draft = { workspace_id: team, slug: "harbour", title: "Harbour" };
    const { id } = ok(await client.from("projects").insert(draft).select("id").single());
    ok(await client.rpc("update_social_account", { p_account_id: repo.id, p_is_public: true }));
    const given = { p_account_id: repo.id, p_project_id: id };
    fails(await viewer.client.rpc("set_social_project", given), 403, "workspace.forbidden");
    fails(await client.rpc("set_social_project", { ...given, p_project_id: randomUUID() }), 404, "project.not_found");
    ok(await client.rpc("set_social_project", given));
    const seen = async () =>
      (await knock(anon(), "getSocialMetrics", { username: USERNAME })).body.accounts
        .map((one) => [one.subject, one.project_id]);
    assert.deepEqual(await seen(), [["ada/harbour", null]]);
    ok(await client.from("projects").update({ status: "published" }).eq("id", id));
    assert.deepEqual(await seen(), [["ada/harbour", id]]);
  });

  test("come through the door with the caller's rights", async () => {
    const { status, body } = await knock(viewer.client, "getSocialMetrics", { workspace_id: team });
    assert.deepEqual([status, body.accounts.length], [200, 2]);
    await refused(stranger.client, "getSocialMetrics", { workspace_id: team }, 404, "workspace.not_found");
    await refused(anon(), "getSocialMetrics", { workspace_id: team }, 401, "auth.required");
    await refused(owner.client, "getSocialMetrics", { workspace_id: "mine" }, 400, "function.bad_body");
    await refused(owner.client, "getSocialMetrics", {}, 400, "social.bad_request");
  });
});

test("a token goes in and never comes out", async () => {
  const token = `ghp_${randomUUID()}`;
  const given = { p_account_id: repo.id, p_token: token, p_expires_at: new Date(Date.now() + 6e9).toISOString() };
  fails(await viewer.client.rpc("set_social_token", given), 403, "workspace.forbidden");
  const row = ok(await owner.client.rpc("set_social_token", given));
  assert.equal(row.token_last4, token.slice(-4));
  const seen = JSON.stringify([row, ok(await owner.client.from("social_accounts").select("*"))]);
  assert.ok(!seen.includes(token));
});

describe("designs", () => {
  test("are started and read by their door", async () => {
    const wish = { workspace_id: team, input: { instructions: "A page on ships." }, idempotency_key: randomUUID() };
    const { body: { task } } = await knock(owner.client, "aiDesignAssistant", wish);
    assert.equal((await knock(owner.client, "aiDesignAssistant", wish)).body.task.id, task.id);
    const done = await until(
      async () => (await knock(owner.client, "aiDesignAssistant", { task_id: task.id })).body.task,
      ({ status }) => status === "complete" || status === "failed",
    );
    assert.equal(done.result_json?.blocks[0].type, "heading", JSON.stringify(done));
    await refused(viewer.client, "aiDesignAssistant", { task_id: task.id }, 404, "task.not_found");
  });

  test("are not for those who may not ask the AI", async () => {
    const input = { instructions: "A page." };
    await refused(viewer.client, "aiDesignAssistant", { workspace_id: team, input }, 403, "workspace.forbidden");
    const nobody = await knock(anon(), "aiDesignAssistant", { workspace_id: team, input });
    assert.equal(nobody.status, 401);
    await refused(owner.client, "aiDesignAssistant", { workspace_id: team, input: {} }, 400, "task.bad_input");
  });
});

describe("notices", () => {
  test("of a manager reach a member's feed, once a key", async () => {
    const notice = {
      workspace_id: team,
      user_id: viewer.id,
      kind: "message",
      text: "Come to the harbour.",
      idempotency_key: randomUUID(),
    };
    const { body } = await knock(owner.client, "sendNotification", notice);
    assert.equal((await knock(owner.client, "sendNotification", notice)).body.notification_id, body.notification_id);
    const rows = await until(
      async () => ok(await viewer.client.from("notifications").select("id, data, status").eq("kind", "message")),
      ([first]) => first?.status === "sent" || first?.status === "skipped",
    );
    assert.deepEqual(rows.map(({ id, data }) => [id, data.text]), [[body.notification_id, "Come to the harbour."]]);
  });

  test("are a manager's, to members, of known kinds", async () => {
    const notice = { workspace_id: team, user_id: owner.id, kind: "message", text: "Hello." };
    await refused(viewer.client, "sendNotification", notice, 403, "workspace.forbidden");
    await refused(owner.client, "sendNotification", { ...notice, user_id: stranger.id }, 404, "member.not_found");
    await refused(owner.client, "sendNotification", { ...notice, kind: "erasure_scheduled" }, 400, "notification.unknown_kind");
  });
});

test("an account that is deleted takes its figures along", async () => {
  ok(await owner.client.rpc("delete_social_account", { p_account_id: repo.id }));
  assert.deepEqual(ok(await owner.client.from("social_snapshots").select("day").eq("account_id", repo.id)), []);
});
