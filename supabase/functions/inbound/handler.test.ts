import { deepEqual, equal } from "node:assert/strict";
import { type Dependencies, inbound, LARGEST_BODY } from "./handler.ts";

const CONNECTION = "3f1d8f44-5d0c-4a52-9d0f-0c6f6a3f9d10";
const SIGNATURE = `t=1800000000,v1=${"ab".repeat(32)}`;
const BODY = '{"id":"e1","customer":{"mail":"ada@example.test"}}';

function setUp(changes: Partial<Dependencies> = {}) {
  const received: string[][] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = inbound({
    log: (_event, fields) => logged.push(fields),
    receive: (...given) => {
      received.push(given.slice(0, 3) as string[]);
      return Promise.resolve("accepted");
    },
    ...changes,
  });
  return { handle, received, logged };
}

type Given = { body?: BodyInit; connection?: string; signature?: string };

function request({ body = BODY, connection = CONNECTION, signature = SIGNATURE }: Given = {}): Request {
  const headers: HeadersInit = signature === "" ? {} : { "lamina-signature": signature };
  return new Request(`http://127.0.0.1/inbound?connection=${connection}`, { method: "POST", body, headers });
}

Deno.test("an event is handed on as it was signed, to the last character", async () => {
  const { handle, received, logged } = setUp();
  const body = "\ufeff " + BODY + "\n";
  const response = await handle(request({ body }));
  deepEqual([response.status, await response.json()], [202, { outcome: "accepted" }]);
  deepEqual(received, [[CONNECTION, SIGNATURE, body]]);
  deepEqual(logged, [{ connection: CONNECTION, outcome: "accepted" }]);
});

const breaking = () => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });

const REFUSED: [string, () => Request, number, string][] = [
  ["no signature", () => request({ signature: "" }), 401, "inbound.unauthorised"],
  ["no connection", () => request({ connection: "" }), 401, "inbound.unauthorised"],
  ["a connection that is none", () => request({ connection: "1' or 1=1" }), 401, "inbound.unauthorised"],
  ["bytes that are no text", () => request({ body: new Uint8Array([123, 255]) }), 400, "inbound.bad_event"],
  ["a NUL", () => request({ body: '{"id":"\0"}' }), 400, "inbound.bad_event"],
  ["a body too large", () => request({ body: " ".repeat(LARGEST_BODY + 1) }), 413, "inbound.body_too_large"],
  ["a body that breaks off", () => request({ body: breaking() }), 400, "inbound.body_incomplete"],
];
for (const [name, given, status, code] of REFUSED) {
  Deno.test(`${name} is refused as ${code}`, async () => {
    const { handle, received, logged } = setUp();
    const response = await handle(given());
    deepEqual([response.status, (await response.json()).code], [status, code]);
    deepEqual(received, []);
    deepEqual([logged.length, logged[0]?.outcome], [1, code]);
  });
}

Deno.test("other methods are refused by name", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    const response = await setUp().handle(new Request("http://127.0.0.1/inbound", { method }));
    deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    equal((await response.json()).code, "inbound.bad_method");
  }
});

const FAULTS: [unknown, number, string, string?][] = [
  [{ code: "PT401", details: "inbound.unauthorised" }, 401, "inbound.unauthorised"],
  [{ code: "PT401", details: "inbound.stale" }, 401, "inbound.stale"],
  [{ code: "PT403", details: "inbound.disabled" }, 403, "inbound.disabled"],
  [{ code: "PT400", details: "inbound.bad_event" }, 400, "inbound.bad_event"],
  [{ code: "PT413", details: "inbound.body_too_large" }, 413, "inbound.body_too_large"],
  [{ code: "PT429", details: "inbound.too_fast" }, 429, "inbound.too_fast", "1"],
  [{ code: "PT429", details: "inbound.too_much" }, 429, "inbound.too_much", "3600"],
  [{ code: "42501", details: null, message: "permission denied" }, 503, "inbound.store_unavailable"],
  [new TypeError("fetch failed"), 503, "inbound.store_unavailable"],
  [null, 503, "inbound.store_unavailable"],
];
for (const [cause, status, code, wait = null] of FAULTS) {
  Deno.test(`${JSON.stringify(cause)} is ${code}`, async () => {
    const { handle, logged } = setUp({ receive: () => Promise.reject(cause) });
    const response = await handle(request());
    deepEqual([response.status, (await response.json()).code], [status, code]);
    equal(response.headers.get("retry-after"), wait);
    deepEqual([logged.length, logged[0]?.connection, logged[0]?.outcome], [1, CONNECTION, code]);
  });
}

Deno.test("gives up on a store that never answers", async () => {
  const receive = (_1: string, _2: string, _3: string, signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const response = await setUp({ receive, patienceMs: 5 }).handle(request());
  equal(response.status, 503);
});

Deno.test("neither answer nor log hold the signature or what was sent", async () => {
  const row = { code: "23514", message: "new row violates check", details: BODY };
  const { handle, logged } = setUp({ receive: () => Promise.reject(row) });
  const seen = await (await handle(request())).text() + JSON.stringify(logged);
  for (const hidden of [SIGNATURE, "ada@example.test"]) equal(seen.includes(hidden), false, hidden);
});
