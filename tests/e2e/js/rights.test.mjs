// Grants hold through the doors: a REVOKE is a refusal, a column grant opens that column only.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { randomUUID } from "node:crypto";
import { anon, fails, ok, signUp } from "./support.mjs";

let user;
before(async () => {
  user = await signUp();
});

test("a visitor without a session reads nothing", async () => {
  for (const table of ["workspaces", "profiles", "documents", "jobs", "messages"]) {
    const { status, data } = await anon().from(table).select("*");
    assert.equal(status, 401, table);
    assert.equal(data, null);
  }
});

test("a revoked verb is refused", async () => {
  const { status, error } = await user.client.from("jobs").insert({ kind: "knowledge.run_search" });
  assert.equal(status, 403);
  assert.equal(error.code, "42501");
  assert.equal((await user.client.from("documents").delete().neq("id", randomUUID())).error.code, "42501");
});

test("a column that is not granted is refused, one that is granted is written", async () => {
  const profile = user.client.from("profiles");
  const forbidden = await profile.update({ user_id: randomUUID() }).eq("user_id", user.id);
  assert.equal(forbidden.error.code, "42501");
  const allowed = await user.client
    .from("profiles")
    .update({ display_name: "Ada" })
    .eq("user_id", user.id)
    .select("display_name")
    .single();
  assert.equal(ok(allowed).display_name, "Ada");
});

test("errors raised in SQL carry status, code and words", async () => {
  fails(await user.client.rpc("cancel_job", { p_job_id: 9_000_000_000 }), 404, "job.not_found");
  const empty = await user.client.rpc("ask", { p_workspace_id: user.workspace, p_question: " " });
  fails(empty, 400, "ask.bad_question");
});

test("schema app is not exposed", async () => {
  const { error } = await user.client.schema("app").from("job_kinds").select("*");
  assert.notEqual(error, null);
});
