// The main job: a PDF goes in, a cited answer comes out, and nobody else sees either.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { randomUUID } from "node:crypto";
import { fails, listen, ok, pdf, settled, signUp, until, upload } from "./support.mjs";

const QUESTION = "How many weeks of parental leave does the company pay for?";
let owner, stranger, document;

before(async () => {
  [owner, stranger] = [await signUp("owner"), await signUp("stranger")];
  document = await settled(owner, await upload(owner, pdf("handbook"), "handbook.pdf"));
});

const answerRow = async (id) => ok(await owner.client.from("messages").select("*").eq("id", id).single());
const finished = (id) => until(() => answerRow(id), (row) => row.finished_at !== null);

async function ask(question, extra = {}) {
  return ok(await owner.client.rpc("ask", { p_workspace_id: owner.workspace, p_question: question, ...extra }));
}

describe("a document", () => {
  test("becomes searchable", () => {
    assert.equal(document.status, "processed", JSON.stringify(document));
    assert.ok(document.page_count > 1 && document.chunk_count > 1);
    assert.equal(document.language, "english");
    assert.equal(document.byte_size, pdf("handbook").length);
  });

  test("has chunks with pages and ranges", async () => {
    const chunks = ok(await owner.client.from("chunks").select("*").eq("document_id", document.id).order("ordinal"));
    assert.equal(chunks.length, document.chunk_count);
    for (const chunk of chunks) {
      assert.ok(chunk.page_from >= 1 && chunk.page_to >= chunk.page_from && chunk.page_to <= document.page_count);
      assert.equal(chunk.char_to - chunk.char_from, [...chunk.content].length);
    }
  });

  test("is nobody else's", async () => {
    assert.deepEqual(ok(await stranger.client.from("documents").select("id")), []);
    assert.deepEqual(ok(await stranger.client.from("chunks").select("id")), []);
    const { error } = await stranger.client.storage.from("documents").download(document.object_path);
    assert.notEqual(error, null);
  });
});

describe("a question", () => {
  test("is answered with page and chunk, streamed and stored", async () => {
    const conversation = randomUUID();
    ok(await owner.client.from("conversations").insert({ id: conversation, workspace_id: owner.workspace }));
    const { heard, status, error } = await listen(owner, `conversation:${conversation}`, ["answer.delta", "answer.done"]);
    assert.equal(status, "SUBSCRIBED", String(error));
    const asked = await ask(QUESTION, { p_conversation_id: conversation });
    const answer = await finished(asked.answer_id);
    await until(() => heard["answer.done"], (done) => done.length > 0, 10);
    assert.equal(answer.status, "complete");
    assert.equal(answer.answered, true);
    assert.match(answer.content, /sixteen|16/i);
    assert.match(answer.content, /\[\d+\]/);
    assert.equal(heard["answer.delta"].map((delta) => delta.text).join(""), answer.content);
    const [citation] = answer.citations;
    const chunk = ok(await owner.client.from("chunks").select("*").eq("id", citation.chunk_id).single());
    assert.equal(chunk.page_from, citation.page_from);
    assert.match(chunk.content, /parental leave/i);
    assert.ok(answer.prompt_tokens > 0 && answer.latency_ms >= 0 && answer.provider === "offline");
  });

  test("that the documents do not answer is said to be so", async () => {
    const asked = await ask("What is the boiling point of tungsten in kelvin?");
    const answer = await finished(asked.answer_id);
    assert.equal(answer.status, "complete");
    assert.equal(answer.answered, false);
    assert.deepEqual(answer.citations, []);
  });

  test("asked twice with one idempotency key is asked once", async () => {
    const key = { p_idempotency_key: randomUUID() };
    const [first, second] = await Promise.all([ask(QUESTION, key), ask(QUESTION, key)]);
    assert.equal(first.answer_id, second.answer_id);
    const other = await owner.client.rpc("ask", { p_workspace_id: owner.workspace, p_question: "Another?", ...key });
    fails(other, 409, "ask.idempotency_conflict");
  });

  test("of a stranger is refused", async () => {
    const asked = await stranger.client.rpc("ask", { p_workspace_id: owner.workspace, p_question: QUESTION });
    fails(asked, 404, "workspace.not_found");
  });

  test("cannot be overheard", async () => {
    const { conversation_id } = await ask(QUESTION);
    const { status } = await listen(stranger, `conversation:${conversation_id}`, ["answer.delta"]);
    assert.notEqual(status, "SUBSCRIBED");
    assert.deepEqual(ok(await stranger.client.from("messages").select("id")), []);
  });
});

describe("a search", () => {
  test("finds the passage by words and meaning", async () => {
    const started = ok(
      await owner.client.rpc("start_search", { p_workspace_id: owner.workspace, p_query: "parental leave weeks" }),
    );
    const id = started.id;
    const row = await until(
      async () => ok(await owner.client.from("searches").select("*").eq("id", id).single()),
      (search) => search.status !== "pending",
    );
    assert.equal(row.status, "complete");
    assert.match(row.results[0].content, /parental leave/i);
  });
});

describe("deleting", () => {
  test("takes rows, chunks and file away", async () => {
    const path = await upload(owner, pdf("handbook"), "again.pdf");
    const again = await settled(owner, path);
    ok(await owner.client.rpc("delete_document", { p_document_id: again.id }));
    assert.deepEqual(ok(await owner.client.from("documents").select("id").eq("id", again.id)), []);
    assert.deepEqual(ok(await owner.client.from("chunks").select("id").eq("document_id", again.id)), []);
    await until(
      async () => (await owner.client.storage.from("documents").download(path)).error,
      (error) => error !== null,
    );
  });
});
