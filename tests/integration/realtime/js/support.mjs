// Clients of supabase-js, unchanged, for the tests of Realtime; and patience.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import WebSocket from "ws";

const { REALTIME_URL, REALTIME_KEY, REALTIME_SECRET, REALTIME_VSN } = process.env;
export const version = REALTIME_VSN;

/** An access token. */
export function tokenOf(sub, seconds = 600) {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "HS256", typ: "JWT" })}.${encode({ sub, exp, role: "authenticated" })}`;
  return `${text}.${createHmac("sha256", REALTIME_SECRET).update(text).digest("base64url")}`;
}

/** A client of a visitor. */
export const visitor = () => client({ auth: { persistSession: false } });

/**
 * A client of a user, whose token may be changed: `session.token = …`. Without setAuth the first join would go
 * out before the token is known.
 */
export async function user(id, seconds) {
  const session = { token: tokenOf(id, seconds) };
  const made = client({ accessToken: async () => session.token });
  await made.realtime.setAuth();
  return Object.assign(made, { session });
}

function client(options) {
  const realtime = { transport: WebSocket, vsn: REALTIME_VSN };
  const made = createClient(REALTIME_URL, REALTIME_KEY, { ...options, realtime });
  after(() => made.realtime.disconnect());
  return made;
}

/** Has Python, which holds the database, call realtime.send. */
export function tell(request) {
  process.stdout.write(`@@${JSON.stringify(request)}\n`);
}

/** Joins; resolves with the first status, and the error if any. */
export function subscribe(channel) {
  return new Promise((resolve) => {
    channel.subscribe((status, error) => resolve({ status, error }));
  });
}

export async function joined(channel) {
  const { status, error } = await subscribe(channel);
  assert.equal(status, "SUBSCRIBED", error?.message);
  return channel;
}

/** Until something holds. */
export async function until(holds, seconds = 10) {
  const deadline = Date.now() + seconds * 1000;
  while (!holds()) {
    assert.ok(Date.now() < deadline, `still not so after ${seconds} s: ${holds}`);
    await sleep(10);
  }
}
