// Each bad file gets its code and its sentence, and the next good one is not held up.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ok, pdf, settled, signUp, upload } from "./support.mjs";

const REJECTED = {
  not_a_pdf: "document.not_a_pdf",
  encrypted: "document.encrypted",
  too_many_pages: "document.too_many_pages",
  scanned: "document.no_text",
  damaged: "document.damaged",
  bomb: "document.bomb",
};
let user;

before(async () => {
  user = await signUp();
});

for (const [kind, code] of Object.entries(REJECTED)) {
  test(`${kind} is ${code}`, async () => {
    const document = await settled(user, await upload(user, pdf(kind)));
    assert.equal(document.status, "failed");
    assert.equal(document.error_code, code);
    assert.ok(document.error_message.length > 10);
  });
}

test("too large is refused at the bucket", async () => {
  const bytes = Buffer.alloc(20 * 1024 * 1024 + 1);
  const { error } = await user.client.storage
    .from("documents")
    .upload(`${user.workspace}/big.pdf`, bytes, { contentType: "application/pdf" });
  assert.equal(String(error.statusCode), "413");
});

test("another type is refused at the bucket", async () => {
  const { error } = await user.client.storage
    .from("documents")
    .upload(`${user.workspace}/a.txt`, "text", { contentType: "text/plain" });
  assert.equal(String(error.statusCode), "415");
});

test("another workspace's folder is refused", async () => {
  const other = await signUp("other");
  const { error } = await user.client.storage
    .from("documents")
    .upload(`${other.workspace}/a.pdf`, pdf("handbook"), { contentType: "application/pdf" });
  assert.equal(String(error.statusCode), "403");
});

test("a good file after all of them is processed", async () => {
  const document = await settled(user, await upload(user, pdf("handbook")));
  assert.equal(document.status, "processed");
});

test("a failed job can be retried, and fails the same way", async () => {
  const document = await settled(user, await upload(user, pdf("encrypted")));
  const jobs = ok(await user.client.from("jobs").select("*").eq("subject_id", document.id));
  assert.equal(jobs.length, 1);
  assert.equal(jobs[0].status, "failed");
  assert.equal(jobs[0].error_code, "document.encrypted");
  ok(await user.client.rpc("retry_job", { p_job_id: jobs[0].id }));
  const again = await settled(user, document.object_path);
  assert.equal(again.error_code, "document.encrypted");
});
