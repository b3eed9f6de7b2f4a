import { deepEqual, equal } from "node:assert/strict";
import { createSign, generateKeyPairSync } from "node:crypto";
import { type Dependencies, LARGEST_BODY, sendgrid, SIGNATURE_HEADER, TIMESTAMP_HEADER } from "./handler.ts";

const NOW = 1_800_000_000;
const DAY = 24 * 3600;
const EVENT = {
  event: "delivered",
  email: "ada@example.test",
  timestamp: NOW,
  sg_event_id: "e1",
  lamina_id: "n1",
};
const BODY = JSON.stringify([{ ...EVENT, ip: "192.0.2.1", useragent: "Mail" }]) + "\r\n";
const [OURS, OTHERS] = [pair(), pair()];

function pair() {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { secret: privateKey, key: publicKey.export({ type: "spki", format: "der" }).toString("base64") };
}

function signature(body: string, time: number, by = OURS): string {
  return createSign("SHA256").update(String(time)).update(body).sign(by.secret, "base64");
}

function setUp(changes: Partial<Dependencies> = {}) {
  const stored: unknown[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = sendgrid({
    key: OURS.key,
    now: () => NOW * 1000,
    log: (_event, fields) => logged.push(fields),
    store: (events) => {
      stored.push(events);
      return Promise.resolve("stored");
    },
    ...changes,
  });
  return { handle, stored, logged };
}

type Given = { body?: BodyInit; said?: string | null; time?: number | null };

function delivery(
  { body = BODY, time = NOW, said = signature(String(body), time ?? NOW) }: Given = {},
): Request {
  const headers = new Headers();
  if (said !== null) headers.set(SIGNATURE_HEADER, said);
  if (time !== null) headers.set(TIMESTAMP_HEADER, String(time));
  return new Request("http://127.0.0.1/sendgrid", { method: "POST", body, headers });
}

async function answer(response: Response): Promise<[number, string]> {
  const { code, message, ...more } = await response.json();
  equal(typeof message, "string");
  deepEqual(more, {});
  return [response.status, code];
}

for (const outcome of ["stored", "duplicate", "empty"]) {
  Deno.test(`a batch that was ${outcome} is received`, async () => {
    const { handle, logged } = setUp({ store: () => Promise.resolve(outcome) });
    const response = await handle(delivery());
    deepEqual([response.status, await response.json()], [200, { received: true }]);
    deepEqual(logged, [{ events: 1, outcome }]);
  });
}

Deno.test("of each event only what is needed is kept, once", async () => {
  const { handle, stored } = setUp();
  await handle(delivery());
  deepEqual(stored, [[EVENT]]);
});

Deno.test("a batch that comes again within a day is believed", async () => {
  const { handle } = setUp({ now: () => (NOW + DAY) * 1000 });
  equal((await handle(delivery())).status, 200);
});

const breaking = () => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });

const REFUSED: [string, () => Request, number, string][] = [
  ["no signature", () => delivery({ said: null }), 400, "sendgrid.signature_malformed"],
  ["no timestamp", () => delivery({ time: null }), 400, "sendgrid.signature_malformed"],
  ["words as signature", () => delivery({ said: "hello" }), 400, "sendgrid.signature_malformed"],
  [
    "another's signature",
    () => delivery({ said: signature(BODY, NOW, OTHERS) }),
    400,
    "sendgrid.signature_invalid",
  ],
  [
    "a body written anew",
    () => delivery({ body: BODY.trim(), said: signature(BODY, NOW) }),
    400,
    "sendgrid.signature_invalid",
  ],
  [
    "another time",
    () => delivery({ time: NOW + 1, said: signature(BODY, NOW) }),
    400,
    "sendgrid.signature_invalid",
  ],
  ["a very old one", () => delivery({ time: NOW - 2 * DAY }), 400, "sendgrid.signature_stale"],
  ["a signed nothing", () => delivery({ body: "" }), 400, "sendgrid.batch_malformed"],
  ["a signed object", () => delivery({ body: "{}" }), 400, "sendgrid.batch_malformed"],
  ["a signed list of words", () => delivery({ body: '["delivered"]' }), 400, "sendgrid.batch_malformed"],
  [
    "a body too large",
    () => delivery({ body: " ".repeat(LARGEST_BODY + 1), said: "x" }),
    413,
    "sendgrid.body_too_large",
  ],
  [
    "a body that breaks off",
    () => delivery({ body: breaking(), said: "x" }),
    400,
    "sendgrid.body_incomplete",
  ],
];
for (const [name, request, status, code] of REFUSED) {
  Deno.test(`${name} is refused as ${code}`, async () => {
    const { handle, stored, logged } = setUp();
    deepEqual(await answer(await handle(request())), [status, code]);
    deepEqual(stored, []);
    deepEqual([logged.length, logged[0]?.outcome], [1, code]);
  });
}

const KEYS: [string, string, string][] = [
  ["without a key", "", "sendgrid.not_configured"],
  ["with words as key", "words", "sendgrid.bad_key"],
  ["with a key of another kind", btoa("words"), "sendgrid.bad_key"],
];
for (const [name, key, code] of KEYS) {
  Deno.test(`${name} everything is refused`, async () => {
    const { handle, stored } = setUp({ key });
    deepEqual(await answer(await handle(delivery())), [503, code]);
    deepEqual(await answer(await handle(delivery())), [503, code]);
    deepEqual(stored, []);
  });
}

Deno.test("other methods are refused by name", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    const response = await setUp().handle(new Request("http://127.0.0.1/sendgrid", { method }));
    deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    equal((await response.json()).code, "sendgrid.bad_method");
  }
});

const FAULTS: [string, unknown, number, string][] = [
  ["data our SQL refuses", { code: "PT400", message: "no list" }, 400, "sendgrid.batch_refused"],
  ["a missing right", { code: "42501", message: "permission denied" }, 503, "sendgrid.store_unavailable"],
  ["no connection", new TypeError("fetch failed"), 503, "sendgrid.store_unavailable"],
  ["a cause that is no error", null, 503, "sendgrid.store_unavailable"],
];
for (const [name, cause, status, code] of FAULTS) {
  Deno.test(`${name} is ${code}`, async () => {
    const { handle, logged } = setUp({ store: () => Promise.reject(cause) });
    deepEqual(await answer(await handle(delivery())), [status, code]);
    deepEqual([logged.length, logged[0]?.events, logged[0]?.outcome], [1, 1, code]);
  });
}

Deno.test("gives up on a store that never answers", async () => {
  const store = (_: unknown, signal: AbortSignal) =>
    new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { handle } = setUp({ store, patienceMs: 5 });
  deepEqual(await answer(await handle(delivery())), [503, "sendgrid.store_unavailable"]);
});

Deno.test("neither answer nor log hold an address", async () => {
  const row = { code: "23514", message: "new row violates check", details: BODY };
  const { handle, logged } = setUp({ store: () => Promise.reject(row) });
  const seen = await (await handle(delivery())).text() + JSON.stringify(logged);
  for (const hidden of [EVENT.email, "192.0.2.1", OURS.key]) equal(seen.includes(hidden), false, hidden);
});
