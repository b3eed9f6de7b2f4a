import { deepEqual, equal } from "node:assert/strict";
import { badBody, type Door, door, LARGEST_BODY } from "./door.ts";

function setUp(changes: Partial<Door> = {}) {
  const asked: unknown[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = door({
    fields: { name: true, age: false },
    ask: (wish) => Promise.resolve({ status: 202, body: { n: asked.push(wish) } }),
    log: (event, fields) => logged.push({ event, ...fields }),
    ...changes,
  });
  return { handle, asked, logged };
}

function request(body: BodyInit = '{"name": "Ada"}'): Request {
  return new Request("http://127.0.0.1/door", { method: "POST", body });
}

async function refusal(response: Response): Promise<[number, string]> {
  const { code, message, ...more } = await response.json();
  equal(typeof message, "string");
  deepEqual(more, {});
  return [response.status, code];
}

Deno.test("what is sent is asked and the answer given", async () => {
  const { handle, asked } = setUp();
  const response = await handle(request('{"name": "Ada", "age": null}'));
  deepEqual([response.status, await response.json()], [202, { n: 1 }]);
  equal(response.headers.get("cache-control"), "no-store");
  deepEqual(asked, [{ name: "Ada", age: null }]);
});

const BODIES: Record<string, BodyInit> = {
  "nothing": "",
  "no JSON": "name",
  "null": "null",
  "an array": '["name"]',
  "not UTF-8": new Uint8Array([0x7b, 0xff, 0x7d]),
  "a missing field": '{"age": 1}',
  "a required null": '{"name": null}',
  "an unknown field": '{"name": "Ada", "role": "owner"}',
  "an inherited name": '{"name": "Ada", "toString": 1}',
  "too much": '{"name": "Ada"}'.padEnd(LARGEST_BODY + 1),
};
for (const [what, body] of Object.entries(BODIES)) {
  Deno.test(`${what} asks nobody`, async () => {
    const { handle, asked } = setUp();
    deepEqual(await refusal(await handle(request(body))), [400, "function.bad_body"]);
    deepEqual(asked, []);
  });
}

Deno.test("other methods are refused by name", async () => {
  const response = await setUp().handle(new Request("http://127.0.0.1/door"));
  equal(response.headers.get("allow"), "POST");
  deepEqual(await refusal(response), [405, "function.bad_method"]);
});

const CAUSES: [unknown, number, string][] = [
  [{ code: "PT404", details: "workspace.not_found", message: "None." }, 404, "workspace.not_found"],
  [{ code: "PT402", details: "quota.exceeded", message: "Used up." }, 402, "quota.exceeded"],
  [{ code: "22P02", details: null, message: "invalid input syntax" }, 400, "function.bad_body"],
  [{ code: "42501", details: null, message: "permission denied" }, 503, "function.unavailable"],
  [{ code: "PT500", details: "x.y", message: "x" }, 503, "function.unavailable"],
  [badBody("Not so."), 400, "function.bad_body"],
  [new TypeError("fetch failed"), 503, "function.unavailable"],
  [null, 503, "function.unavailable"],
];
for (const [cause, status, code] of CAUSES) {
  Deno.test(`refused with ${status} ${code}: ${JSON.stringify(cause)}`, async () => {
    const { handle, logged } = setUp({ ask: () => Promise.reject(cause) });
    deepEqual(await refusal(await handle(request())), [status, code]);
    equal(logged[0]?.outcome, code);
  });
}

Deno.test("gives up on a database that never answers", async () => {
  const ask: Door["ask"] = (_wish, signal) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { handle } = setUp({ ask, patienceMs: 5 });
  deepEqual(await refusal(await handle(request())), [503, "function.unavailable"]);
});
