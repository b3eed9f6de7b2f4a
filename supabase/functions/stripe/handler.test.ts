import { deepEqual, equal } from "node:assert/strict";
import { type Dependencies, LARGEST_BODY, stripe } from "./handler.ts";
import { EVENT, header, NOW, SECRET } from "./support.ts";

const URL = "http://127.0.0.1/stripe";
const BODY = JSON.stringify(EVENT);

function setUp(changes: Partial<Dependencies> = {}) {
  const stored: unknown[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = stripe({
    secrets: [SECRET],
    now: () => NOW * 1000,
    log: (_event, fields) => logged.push(fields),
    store: (event) => {
      stored.push(event);
      return Promise.resolve("stored");
    },
    ...changes,
  });
  return { handle, stored, logged };
}

function delivery(body: BodyInit = BODY, said: string | null = header(BODY)): Request {
  const headers: HeadersInit = said === null ? {} : { "stripe-signature": said };
  return new Request(URL, { method: "POST", body, headers });
}

async function answer(response: Response): Promise<[number, string]> {
  const { code, message, ...more } = await response.json();
  equal(typeof message, "string");
  deepEqual(more, {});
  return [response.status, code];
}

for (const outcome of ["stored", "duplicate", "ignored"]) {
  Deno.test(`an event that was ${outcome} is received`, async () => {
    const { handle, logged } = setUp({ store: () => Promise.resolve(outcome) });
    const response = await handle(delivery());
    equal(response.status, 200);
    deepEqual(await response.json(), { received: true });
    deepEqual(logged, [{ id: "evt_1", type: "invoice.paid", outcome }]);
  });
}

Deno.test("the store gets the event as it came, once", async () => {
  const { handle, stored } = setUp();
  await handle(delivery());
  deepEqual(stored, [EVENT]);
});

const REFUSED: [string, () => Request, number, string][] = [
  ["no header", () => delivery(BODY, null), 400, "stripe.signature_missing"],
  ["words as header", () => delivery(BODY, "hello"), 400, "stripe.signature_malformed"],
  ["a forgery", () => delivery(BODY, header(BODY, NOW, "guessed")), 400, "stripe.signature_invalid"],
  ["a truncated body", () => delivery(BODY.slice(0, -1)), 400, "stripe.signature_invalid"],
  ["a forgery that is no JSON", () => delivery("{", header("[")), 400, "stripe.signature_invalid"],
  ["an old delivery", () => delivery(BODY, header(BODY, NOW - 301)), 400, "stripe.signature_stale"],
  ["a signed nothing", () => delivery("", header("")), 400, "stripe.event_malformed"],
  ["a signed form", () => delivery("a=b", header("a=b")), 400, "stripe.event_malformed"],
  ["a body too large", () => delivery(" ".repeat(LARGEST_BODY + 1)), 413, "stripe.body_too_large"],
  ["a large body in pieces", () => delivery(pieces(9, 64 * 1024)), 413, "stripe.body_too_large"],
  ["a body that breaks off", () => delivery(breaking()), 400, "stripe.body_incomplete"],
];
for (const [name, request, status, code] of REFUSED) {
  Deno.test(`${name} is refused as ${code}`, async () => {
    const { handle, stored, logged } = setUp();
    deepEqual(await answer(await handle(request())), [status, code]);
    deepEqual(stored, []);
    equal(logged.length, 1);
    equal(logged[0]?.outcome, code);
  });
}

function pieces(count: number, size: number): ReadableStream<Uint8Array> {
  return ReadableStream.from(Array.from({ length: count }, () => new Uint8Array(size)));
}

function breaking(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
}

Deno.test("a body of just the limit is read", async () => {
  const body = BODY.padEnd(LARGEST_BODY);
  equal((await setUp().handle(delivery(body, header(body)))).status, 200);
});

Deno.test("without a secret everything is refused, rightly signed or not", async () => {
  const { handle, stored } = setUp({ secrets: [] });
  deepEqual(await answer(await handle(delivery())), [503, "stripe.not_configured"]);
  deepEqual(await answer(await handle(delivery(BODY, header(BODY, NOW, "x")))), [
    503,
    "stripe.not_configured",
  ]);
  deepEqual(stored, []);
});

Deno.test("other methods are refused by name", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    const response = await setUp().handle(new Request(URL, { method }));
    equal(response.status, 405);
    equal(response.headers.get("allow"), "POST");
    equal((await response.json()).code, "stripe.bad_method");
  }
});

const FAULTS: [string, unknown, number, string][] = [
  ["data our SQL refuses", { code: "PT400", message: "no such thing" }, 400, "stripe.event_refused"],
  ["a fault our SQL names", { code: "PT503", message: "later" }, 503, "stripe.store_unavailable"],
  ["a missing right", { code: "42501", message: "permission denied" }, 503, "stripe.store_unavailable"],
  ["a missing function", { code: "PGRST202", message: "not found" }, 503, "stripe.store_unavailable"],
  ["no connection", new TypeError("fetch failed"), 503, "stripe.store_unavailable"],
  ["a cause that is no error", null, 503, "stripe.store_unavailable"],
];
for (const [name, cause, status, code] of FAULTS) {
  Deno.test(`${name} is ${code}`, async () => {
    const { handle, logged } = setUp({ store: () => Promise.reject(cause) });
    deepEqual(await answer(await handle(delivery())), [status, code]);
    deepEqual([logged.length, logged[0]?.id, logged[0]?.outcome], [1, "evt_1", code]);
  });
}

Deno.test("gives up on a store that never answers", async () => {
  const store = (_: unknown, signal: AbortSignal) =>
    new Promise<string>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { handle, logged } = setUp({ store, patienceMs: 5 });
  deepEqual(await answer(await handle(delivery())), [503, "stripe.store_unavailable"]);
  equal(String(logged[0]?.cause).includes("timeout"), true, String(logged[0]?.cause));
});

Deno.test("neither answer nor log hold the secret, the signature or the payload", async () => {
  const body = JSON.stringify({ ...EVENT, data: { object: { email: "someone@example.test" } } });
  const row = { code: "23514", message: "new row violates check", details: body, hint: body };
  const { handle, logged } = setUp({ store: () => Promise.reject(row) });
  const said = header(body);
  const seen = await (await handle(delivery(body, said))).text() + JSON.stringify(logged);
  await handle(delivery(body, header(body, NOW, "guessed")));
  for (const hidden of [SECRET, said.slice(-64), "someone@example.test"]) {
    equal((seen + JSON.stringify(logged)).includes(hidden), false, hidden);
  }
  equal(logged[0]?.cause, "new row violates check");
});

Deno.test("deliveries at once do not mix", async () => {
  const { handle, stored } = setUp();
  const ids = Array.from({ length: 50 }, (_, at) => `evt_${at}`);
  const statuses = await Promise.all(ids.map(async (id) => {
    const body = JSON.stringify({ ...EVENT, id });
    return (await handle(delivery(body, header(body)))).status;
  }));
  deepEqual(new Set(statuses), new Set([200]));
  deepEqual(stored.map((event) => (event as { id: string }).id).sort(), ids.sort());
});
