// A recording through the real bucket: without a provider it ends with a clear word, and nothing is paid.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { audio, fails, listen, ok, signUp, until } from "./support.mjs";

const TYPES = { wav: "audio/wav", mp3: "audio/mpeg", ogg: "audio/ogg", webm: "audio/webm", m4a: "audio/mp4" };
let user;

before(async () => {
  user = await signUp("speaker");
});

async function record(suffix, bytes = audio(suffix)) {
  const path = `${user.workspace}/${user.id}/${randomUUID()}/memo.${suffix}`;
  const options = { contentType: TYPES[suffix] };
  ok(await user.client.storage.from("voice").upload(path, bytes, options));
  return path;
}

function settled(path) {
  return until(
    async () => ok(await user.client.from("recordings").select("*").eq("object_path", path).maybeSingle()),
    (recording) => ["transcribed", "failed", "cancelled"].includes(recording?.status),
  );
}

test("its user hears that there is no provider", async () => {
  const { heard, status } = await listen(user, `user:${user.id}`, ["recording"]);
  assert.equal(status, "SUBSCRIBED");
  const recording = await settled(await record("ogg"));
  assert.equal(recording.status, "failed");
  assert.equal(recording.error_code, "speech.not_configured");
  assert.match(recording.error_message, /OPENAI_API_KEY/);
  assert.ok(Math.abs(recording.seconds - 2) < 0.1, `measured ${recording.seconds} s`);
  await until(
    () => heard.recording.map((each) => each.error_code),
    (codes) => codes.includes("speech.not_configured"),
  );
});

for (const suffix of ["wav", "mp3", "webm", "m4a"]) {
  test(`${suffix} is read as well`, async () => {
    const recording = await settled(await record(suffix));
    assert.equal(recording.error_code, "speech.not_configured");
    assert.ok(Math.abs(recording.seconds - 2) < 0.15, `measured ${recording.seconds} s`);
  });
}

test("what is no recording is told apart", async () => {
  const recording = await settled(await record("ogg", Buffer.from("This is a text, whatever its name says.")));
  assert.equal(recording.error_code, "audio.unreadable");
});

test("no second was used, and it can be tried again", async () => {
  const path = await record("ogg");
  const recording = await settled(path);
  ok(await user.client.rpc("retry_job", { p_job_id: recording.job_id }));
  assert.equal((await settled(path)).error_code, "speech.not_configured");
  const usage = ok(await user.client.rpc("billing_usage", { p_workspace_id: user.workspace }));
  const voice = usage.find((each) => each.metric === "voice_seconds");
  assert.deepEqual([voice.used, voice.reserved], [0, 0]);
});

test("an answer may be wished for beforehand, and the file is one's own to hear", async () => {
  const path = await record("ogg");
  const { id } = ok(await user.client.from("recordings").select("id").eq("object_path", path).single());
  const wish = { p_recording_id: id, p_speak: true };
  assert.equal(ok(await user.client.rpc("answer_recording", wish)).wants_speech, true);
  const file = ok(await user.client.storage.from("voice").download(path));
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), audio("ogg"));
});

test("another sees, hears, asks and deletes nothing", async () => {
  const other = await signUp("other");
  const path = await record("ogg");
  const { id } = ok(await user.client.from("recordings").select("id").eq("object_path", path).single());
  assert.deepEqual(ok(await other.client.from("recordings").select("id").eq("id", id)), []);
  assert.notEqual((await other.client.storage.from("voice").download(path)).error, null);
  fails(await other.client.rpc("answer_recording", { p_recording_id: id }), 404, "recording.not_found");
  fails(await other.client.rpc("delete_recording", { p_recording_id: id }), 404, "recording.not_found");
  const folder = `${user.workspace}/${other.id}/a.ogg`;
  const { error } = await other.client.storage.from("voice").upload(folder, audio("ogg"), { contentType: "audio/ogg" });
  assert.equal(String(error.statusCode), "403");
});

test("what is no recording is not kept, and ids are written as they are", async () => {
  const names = [
    `${user.workspace}/${user.id}/answers`,
    `${user.workspace}/${user.id}/answers/a.mp3`,
    `${user.workspace.toUpperCase()}/${user.id}/a.ogg`,
    `${user.workspace}/${user.id.toUpperCase()}/a.ogg`,
  ];
  for (const name of names) {
    const { error } = await user.client.storage.from("voice").upload(name, audio("ogg"), { contentType: "audio/ogg" });
    assert.equal(String(error?.statusCode), "403", name);
  }
});

test("a call from the browser is not of the plan free", async () => {
  const wish = { p_workspace_id: user.workspace };
  fails(await user.client.rpc("start_realtime_session", wish), 402, "plan.not_entitled");
});

test("a deleted recording and its file are gone", async () => {
  const path = await record("ogg");
  const recording = await settled(path);
  ok(await user.client.rpc("delete_recording", { p_recording_id: recording.id }));
  assert.deepEqual(ok(await user.client.from("recordings").select("id").eq("id", recording.id)), []);
  await until(
    async () => (await user.client.storage.from("voice").download(path)).error,
    (error) => error !== null,
  );
});
