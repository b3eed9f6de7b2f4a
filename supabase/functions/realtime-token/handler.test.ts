import { deepEqual, equal, throws } from "node:assert/strict";
import { type Dependencies, LARGEST_BODY, realtimeToken, sessionSecondsOf } from "./handler.ts";
import { MintError } from "./openai.ts";

const WORKSPACE = "0b9e1c4e-5d0e-4a55-9a39-0d6f5a7c1a11";
const TOKEN = { token: "ek_1", expires_at: 1_800_000_060, model: "m", url: "http://127.0.0.1/calls" };

function setUp(changes: Partial<Dependencies> = {}) {
  const settled: unknown[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = realtimeToken({
    mint: () => Promise.resolve(TOKEN),
    sessionSeconds: 900,
    start: (id, seconds) => Promise.resolve(`${seconds} s of ${id}`),
    settle: (id, isMinted) => Promise.resolve(void settled.push([id, isMinted])),
    log: (event, fields) => logged.push({ event, ...fields }),
    ...changes,
  });
  return { handle, settled, logged };
}

function request(body: BodyInit = JSON.stringify({ workspace_id: WORKSPACE })): Request {
  return new Request("http://127.0.0.1/realtime-token", { method: "POST", body });
}

async function answer(response: Response): Promise<[number, string]> {
  const { code, message, ...more } = await response.json();
  equal(typeof message, "string");
  deepEqual(more, {});
  return [response.status, code];
}

Deno.test("gives a token and uses its seconds", async () => {
  const { handle, settled } = setUp();
  const response = await handle(request());
  equal(response.status, 200);
  equal(response.headers.get("cache-control"), "no-store");
  deepEqual(await response.json(), { ...TOKEN, seconds: 900 });
  deepEqual(settled, [[`900 s of ${WORKSPACE}`, true]]);
});

Deno.test("a token opens calls for a minute, whatever it costs", async () => {
  const lives: number[] = [];
  const mint = (seconds: number) => (lives.push(seconds), Promise.resolve(TOKEN));
  await setUp({ mint }).handle(request());
  deepEqual(lives, [60]);
});

Deno.test("the setting is a whole number of seconds, ten minutes without one", () => {
  deepEqual([undefined, "", "60", "3600"].map(sessionSecondsOf), [600, 600, 60, 3600]);
  for (const bad of ["59", "3601", "600.5", "ten", "-600"]) throws(() => sessionSecondsOf(bad), /REALTIME/);
});

Deno.test("without a provider nothing is held", async () => {
  const start = () => Promise.reject(new Error("must not be called"));
  const { handle, settled } = setUp({ mint: undefined, start });
  deepEqual(await answer(await handle(request())), [503, "speech.not_configured"]);
  deepEqual(settled, []);
});

const BODIES: Record<string, BodyInit> = {
  "nothing": "",
  "no JSON": "workspace",
  "null": "null",
  "no id": "{}",
  "a number": '{"workspace_id": 1}',
  "no uuid": '{"workspace_id": "mine"}',
  "too much": JSON.stringify({ workspace_id: WORKSPACE }).padEnd(LARGEST_BODY + 1),
};
for (const [name, body] of Object.entries(BODIES)) {
  Deno.test(`${name} is no request`, async () => {
    deepEqual(await answer(await setUp().handle(request(body))), [400, "realtime.bad_request"]);
  });
}

Deno.test("other methods are refused by name", async () => {
  const response = await setUp().handle(new Request("http://127.0.0.1/", { method: "GET" }));
  equal(response.headers.get("allow"), "POST");
  deepEqual(await answer(response), [405, "realtime.bad_method"]);
});

const REFUSALS: [unknown, number, string][] = [
  [{ code: "PT402", details: "quota.exceeded", message: "Used up." }, 402, "quota.exceeded"],
  [{ code: "PT402", details: "plan.not_entitled", message: "Not included." }, 402, "plan.not_entitled"],
  [{ code: "PT404", details: "workspace.not_found", message: "None." }, 404, "workspace.not_found"],
  [{ code: "PT403", details: "workspace.forbidden", message: "No." }, 403, "workspace.forbidden"],
  [{ code: "42501", details: null, message: "permission denied" }, 503, "realtime.unavailable"],
  [new TypeError("fetch failed"), 503, "realtime.unavailable"],
  [null, 503, "realtime.unavailable"],
];
for (const [cause, status, code] of REFUSALS) {
  Deno.test(`a refusal by the database is ${status} ${code}: ${JSON.stringify(cause)}`, async () => {
    const { handle, settled } = setUp({ start: () => Promise.reject(cause) });
    deepEqual(await answer(await handle(request())), [status, code]);
    deepEqual(settled, []);
  });
}

const FAULTS: [string, unknown, number, string][] = [
  ["a wrong key", new MintError(false, "status 401"), 502, "realtime.refused"],
  ["too many requests", new MintError(true, "status 429"), 503, "realtime.unavailable"],
  ["a crash", new Error("boom"), 503, "realtime.unavailable"],
];
for (const [name, cause, status, code] of FAULTS) {
  Deno.test(`after ${name} the seconds come back`, async () => {
    const { handle, settled, logged } = setUp({ mint: () => Promise.reject(cause) });
    deepEqual(await answer(await handle(request())), [status, code]);
    deepEqual(settled, [[`900 s of ${WORKSPACE}`, false]]);
    equal(logged[0]?.outcome, code);
  });
}

Deno.test("a token is given even when its seconds cannot be settled", async () => {
  const { handle, logged } = setUp({ settle: () => Promise.reject(new Error("away")) });
  equal((await handle(request())).status, 200);
  equal(logged[0]?.event, "realtime settle failed");
});

Deno.test("gives up on a provider that never answers", async () => {
  const mint = (_: number, signal: AbortSignal) =>
    new Promise<typeof TOKEN>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { handle, settled } = setUp({ mint, patienceMs: 5 });
  deepEqual(await answer(await handle(request())), [503, "realtime.unavailable"]);
  deepEqual(settled, [[`900 s of ${WORKSPACE}`, false]]);
});
