import { deepEqual, equal } from "node:assert/strict";
import { type Dependencies, health } from "./handler.ts";

const URL = "http://127.0.0.1/health";

function setUp(changes: Partial<Dependencies> = {}) {
  const logged: unknown[] = [];
  const handle = health({
    version: "1.2.3",
    ping: () => Promise.resolve(),
    log: (event, cause) => logged.push([event, cause]),
    ...changes,
  });
  return { handle, logged };
}

Deno.test("says the version and how long the database took", async () => {
  const response = await setUp().handle(new Request(URL));
  const body = await response.json();
  equal(response.status, 200);
  equal(body.status, "ok");
  equal(body.version, "1.2.3");
  equal(Number.isInteger(body.database_ms), true);
  equal(response.headers.get("cache-control"), "no-store");
});

Deno.test("says 503 when the database refuses, with the cause in the log only", async () => {
  const cause = new Error("password authentication failed");
  const { handle, logged } = setUp({ ping: () => Promise.reject(cause) });
  const response = await handle(new Request(URL));
  equal(response.status, 503);
  deepEqual(await response.json(), {
    code: "health.database_down",
    message: "The database does not answer.",
  });
  deepEqual(logged, [["database does not answer", cause]]);
});

Deno.test("gives up on a database that never answers", async () => {
  const ping = (signal: AbortSignal) =>
    new Promise<void>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const response = await setUp({ ping, patienceMs: 5 }).handle(new Request(URL));
  equal(response.status, 503);
  equal((await response.json()).code, "health.database_down");
});

Deno.test("answers HEAD, and refuses other methods by name", async () => {
  equal((await setUp().handle(new Request(URL, { method: "HEAD" }))).status, 200);
  const response = await setUp().handle(new Request(URL, { method: "POST" }));
  equal(response.status, 405);
  equal(response.headers.get("allow"), "GET, HEAD");
  equal((await response.json()).code, "health.bad_method");
});
