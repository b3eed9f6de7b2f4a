// What every file of these tests needs: clients of people, and patience.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import WebSocket from "ws";

const url = process.env.SUPABASE_URL;
const lamina = new URL("../../../.venv/bin/lamina", import.meta.url).pathname;
const options = { auth: { persistSession: false }, realtime: { transport: WebSocket } };

export const anon = () => createClient(url, process.env.SUPABASE_PUBLISHABLE_KEY, options);
export const service = () => createClient(url, process.env.SUPABASE_SECRET_KEY, options);

/** A new user: client, id, e-mail and personal workspace. */
export async function signUp(name = "user") {
  const client = anon();
  const email = `${name}-${randomUUID().slice(0, 8)}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: randomUUID() });
  assert.equal(error, null);
  await client.realtime.setAuth(data.session.access_token);
  const own = await client.from("workspaces").select("id").eq("kind", "personal").single();
  assert.equal(own.error, null);
  return { client, email, id: data.user.id, workspace: own.data.id };
}

/** Invites a person into a workspace, and the person accepts. */
export async function admit(owner, workspace, person, role) {
  const invitation = { p_workspace_id: workspace, p_email: person.email, p_role: role };
  const { token } = ok(await owner.client.rpc("invite_member", invitation));
  ok(await person.client.rpc("accept_invitation", { p_token: token }));
}

/** A new user who is a member in this role. */
export async function join(owner, workspace, role) {
  const person = await signUp(role);
  await admit(owner, workspace, person, role);
  return person;
}

/** Plan professional, bought at the offline stand-in of Stripe. */
export async function buyPlan(owner, workspace) {
  const wish = { p_plan: "professional", p_interval: "month", p_idempotency_key: "plan" };
  const pages = { p_success_url: "https://example.com/yes", p_cancel_url: "https://example.com/no" };
  const { id } = ok(await owner.client.rpc("start_checkout", { p_workspace_id: workspace, ...wish, ...pages }));
  const session = await until(
    async () => ok(await owner.client.from("billing_sessions").select("url").eq("id", id).single()),
    ({ url }) => url !== null,
  );
  await fetch(`${session.url}/pay`, { method: "POST", redirect: "manual" });
  await until(
    async () => ok(await owner.client.rpc("billing_usage", { p_workspace_id: workspace })),
    (usage) => usage.find(({ metric }) => metric === "seats").included >= 20,
  );
}

/** What `lamina mail` says, as a script reads it. */
export const mail = (...words) => JSON.parse(execFileSync(lamina, ["mail", ...words, "--json"], { encoding: "utf8" }));

/** Asks until the answer satisfies; the last answer otherwise ends the test. */
export async function until(ask, satisfies, seconds = 60) {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (satisfies(answer)) return answer;
    assert.ok(Date.now() < deadline, `still not after ${seconds} s: ${JSON.stringify(answer)}`);
    await sleep(100);
  }
}

/** The data of a response that must have succeeded. */
export function ok({ data, error }) {
  assert.equal(error, null, JSON.stringify(error));
  return data;
}

/** Asserts that a response failed with this status and stable code. */
export function fails(response, status, code) {
  assert.equal(response.status, status, JSON.stringify(response));
  assert.equal(response.error.details, code);
  assert.ok(response.error.message.length > 10);
}

/** Bytes of a PDF made by the Python helpers of the tests: `pdf("handbook")`. */
export function pdf(kind) {
  const python = new URL("../../../.venv/bin/python", import.meta.url).pathname;
  return execFileSync(python, ["-m", "tests.support.pdfs", kind], { maxBuffer: 64 * 1024 * 1024 });
}

const recordings = {};

/** Bytes of a recording of two seconds, made by the Python helpers of the tests: `audio("ogg")`. */
export function audio(suffix) {
  const python = new URL("../../../.venv/bin/python", import.meta.url).pathname;
  recordings[suffix] ??= execFileSync(python, ["-m", "tests.support.recordings", suffix], { maxBuffer: 2 ** 24 });
  return recordings[suffix];
}

/** Uploads a PDF as a user does; its path. */
export async function upload(user, bytes, name = "file.pdf", workspace = user.workspace) {
  const path = `${workspace}/${randomUUID()}/${name}`;
  ok(await user.client.storage.from("documents").upload(path, bytes, { contentType: "application/pdf" }));
  return path;
}

/** The document of an uploaded file, once it is in a final state. */
export function settled(user, path, seconds = 90) {
  return until(
    async () => ok(await user.client.from("documents").select("*").eq("object_path", path).maybeSingle()),
    (document) => ["processed", "failed"].includes(document?.status),
    seconds,
  );
}

/** Joins a private channel and collects what comes, by event. */
export async function listen(user, topic, events) {
  const heard = Object.fromEntries(events.map((event) => [event, []]));
  const channel = user.client.channel(topic, { config: { private: true } });
  for (const event of events) channel.on("broadcast", { event }, ({ payload }) => heard[event].push(payload));
  const state = await new Promise((resolve) => {
    channel.subscribe((status, error) => resolve({ status, error }));
  });
  return { channel, heard, ...state };
}
