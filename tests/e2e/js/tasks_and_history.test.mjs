// AI tasks and history as a frontend uses them: start, hear, cancel, retry, page, search, remember.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { randomUUID } from "node:crypto";
import { fails, listen, ok, signUp, until } from "./support.mjs";

const TEXT =
  "The harbour of Morvan handled 412 grain ships in 2025. Every grain ship needs a pilot in the harbour. " +
  "The weather was mild. The harbour office will hire four pilots for the grain ships of 2026.";
let owner, stranger;

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
});

const start = (user, kind, input, extra = {}) =>
  user.client.rpc("start_ai_task", { p_workspace_id: owner.workspace, p_kind: kind, p_input: input, ...extra });
const taskRow = async (id) => ok(await owner.client.from("ai_tasks").select("*").eq("id", id).single());
const finished = (id) => until(() => taskRow(id), (row) => ["complete", "failed", "cancelled"].includes(row.status));

async function answered(question) {
  const asked = ok(await owner.client.rpc("ask", { p_workspace_id: owner.workspace, p_question: question }));
  const find = async () => ok(await owner.client.from("messages").select("*").eq("id", asked.answer_id).single());
  return await until(find, (row) => row.finished_at !== null);
}

describe("a task", () => {
  test("is one of the kinds a client can list", async () => {
    const kinds = ok(await owner.client.from("ai_task_kinds").select("kind, input_schema").order("kind"));
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ["design_assistant", "draft", "edit", "rewrite", "summarise", "translate"],
    );
    assert.deepEqual(kinds.at(-1).input_schema.required, ["text", "language"]);
  });

  test("is heard while it is done, and stored", async () => {
    const { heard, status, error } = await listen(owner, `user:${owner.id}`, ["task.delta", "task.done"]);
    assert.equal(status, "SUBSCRIBED", String(error));
    const started = ok(await start(owner, "summarise", { text: TEXT, length: "short" }));
    assert.equal(started.status, "pending");
    const row = await finished(started.id);
    await until(() => heard["task.done"].filter((done) => done.task_id === row.id), (done) => done.length > 0, 10);
    assert.equal(row.status, "complete", JSON.stringify(row));
    assert.match(row.result, /harbour/);
    assert.match(row.result, /no language model was asked/);
    assert.equal(row.provider, "offline");
    assert.ok(row.prompt_tokens > 0 && row.completion_tokens > 0 && row.cost_microusd === 0 && row.latency_ms >= 0);
    const deltas = heard["task.delta"].filter((delta) => delta.task_id === row.id);
    assert.equal(deltas.map((delta) => delta.text).join(""), row.result);
  });

  test("can be a design in blocks", async () => {
    const row = await finished(ok(await start(owner, "design_assistant", { instructions: "A page on ships." })).id);
    assert.equal(row.status, "complete", JSON.stringify(row));
    assert.equal(row.result_json.blocks[0].type, "heading");
  });

  test("that needs a model says so when there is none, and can be retried", async () => {
    const failed = await finished(ok(await start(owner, "translate", { text: TEXT, language: "French" })).id);
    assert.equal(failed.status, "failed");
    assert.equal(failed.error_code, "llm.offline_cannot");
    ok(await owner.client.rpc("retry_job", { p_job_id: failed.job_id }));
    const again = await until(() => taskRow(failed.id), (row) => row.status === "failed" && row.finished_at > failed.finished_at);
    assert.equal(again.error_code, "llm.offline_cannot");
    fails(await owner.client.rpc("cancel_job", { p_job_id: failed.job_id }), 409, "job.finished");
  });

  test("started twice with one key is started once", async () => {
    const key = { p_idempotency_key: randomUUID() };
    const both = await Promise.all([start(owner, "edit", { text: TEXT }, key), start(owner, "edit", { text: TEXT }, key)]);
    assert.equal(ok(both[0]).id, ok(both[1]).id);
    fails(await start(owner, "edit", { text: "Other." }, key), 409, "task.idempotency_conflict");
  });

  test("with a wrong input, kind or model is refused", async () => {
    fails(await start(owner, "summarise", {}), 400, "task.bad_input");
    fails(await start(owner, "sing", { text: TEXT }), 400, "task.unknown_kind");
    fails(await start(owner, "edit", { text: TEXT }, { p_model: "openai:gpt-5.5" }), 402, "plan.not_entitled");
    const models = ok(await owner.client.rpc("allowed_models", { p_workspace_id: owner.workspace }));
    assert.ok(models.some(({ model }) => model === "openai:gpt-5.4-mini"));
    assert.ok(!models.some(({ model }) => model === "openai:gpt-5.5"));
  });

  test("is nobody else's", async () => {
    fails(await start(stranger, "edit", { text: TEXT }), 404, "workspace.not_found");
    assert.deepEqual(ok(await stranger.client.from("ai_tasks").select("id")), []);
    const { status } = await listen(stranger, `user:${owner.id}`, ["task.delta"]);
    assert.notEqual(status, "SUBSCRIBED");
  });

  test("can be deleted", async () => {
    const { id } = ok(await start(owner, "edit", { text: TEXT }));
    ok(await owner.client.rpc("delete_ai_task", { p_task_id: id }));
    assert.deepEqual(ok(await owner.client.from("ai_tasks").select("id").eq("id", id)), []);
  });
});

describe("the brand's voice", () => {
  test("is set by those who answer for it and read by members", async () => {
    const brand = { workspace_id: owner.workspace, name: "Morvan", voice: "Warm." };
    ok(await owner.client.from("brands").insert(brand));
    ok(await owner.client.from("brands").update({ voice: "Brief." }).eq("workspace_id", owner.workspace));
    const set = ok(await owner.client.from("brands").select("voice, is_default").single());
    assert.deepEqual(set, { voice: "Brief.", is_default: true });
    assert.deepEqual(ok(await stranger.client.from("brands").select("name")), []);
    const { error } = await stranger.client.from("brands").insert(brand);
    assert.equal(error.code, "42501");
  });
});

describe("history", () => {
  test("comes in pages and can be searched", async () => {
    const content = "The vermilion paint of the lighthouse door cost 90 euros.";
    const document = { p_workspace_id: owner.workspace, p_title: "Doors", p_content: content };
    const { id } = ok(await owner.client.rpc("create_text_document", document));
    await until(
      async () => ok(await owner.client.from("documents").select("status").eq("id", id).single()),
      (row) => row.status === "processed",
    );
    const answer = await answered("How much did the vermilion paint of the lighthouse door cost?");
    assert.match(answer.content, /90/);
    await answered("What is the boiling point of tungsten in kelvin?");
    const page = { p_workspace_id: owner.workspace, p_limit: 1 };
    const [last] = ok(await owner.client.rpc("list_conversations", page));
    const [first] = ok(await owner.client.rpc("list_conversations", { ...page, p_before: last.updated_at, p_after_id: last.id }));
    assert.match(last.title, /tungsten/);
    assert.match(first.title, /vermilion/);
    const messages = ok(await owner.client.rpc("list_messages", { p_conversation_id: first.id }));
    assert.deepEqual(messages.map(({ role }) => role), ["assistant", "user"]);
    const questions = ok(await owner.client.rpc("list_questions", { p_workspace_id: owner.workspace }));
    assert.deepEqual(questions.map(({ answered }) => answered), [false, true]);
    ok(await owner.client.from("notes").insert({ workspace_id: owner.workspace, content: "Order vermilion again." }));
    const search = { p_workspace_id: owner.workspace, p_query: "vermilion" };
    const found = ok(await owner.client.rpc("search_history", search));
    assert.deepEqual(found.map(({ kind }) => kind).sort(), ["assistant", "note", "user"]);
    assert.match(found[0].excerpt, /«vermilion»/);
    fails(await stranger.client.rpc("search_history", search), 404, "workspace.not_found");
    assert.deepEqual(ok(await stranger.client.from("notes").select("id")), []);
  });

  test("is a memory when the workspace wants it", async () => {
    const id = ok(await owner.client.from("documents").select("id").eq("title", "Doors").single()).id;
    ok(await owner.client.rpc("delete_document", { p_document_id: id }));
    const question = "What did the vermilion paint of the door cost?";
    assert.equal((await answered(question)).answered, false);
    const settings = { workspace_id: owner.workspace, history_memory: true };
    ok(await owner.client.from("workspace_settings").upsert(settings));
    const answer = await answered(question);
    assert.equal(answer.answered, true, JSON.stringify(answer));
    assert.match(answer.content, /90/);
    assert.ok(answer.citations[0].message_id && answer.citations[0].title.startsWith("Your earlier question"));
  });
});
