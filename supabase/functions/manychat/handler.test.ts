import { deepEqual, equal } from "node:assert/strict";
import { type Dependencies, LARGEST_BODY, manychat } from "./handler.ts";
import type { Inbound } from "./inbound.ts";
import { CONTACT } from "./support.ts";

const CHANNEL = "3f1d8f44-5d0c-4a52-9d0f-0c6f6a3f9d10";
const SECRET = "lmi_0123";
const ACK = {
  version: "v2",
  content: { type: "whatsapp", messages: [{ type: "text", text: "OK, bien reçu" }] },
};

function setUp(changes: Partial<Dependencies> = {}) {
  const received: [string, string, Inbound][] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = manychat({
    log: (_event, fields) => logged.push(fields),
    receive: (channel, secret, message) => {
      received.push([channel, secret, message]);
      return Promise.resolve({ outcome: "accepted", text: "OK, bien reçu" });
    },
    ...changes,
  });
  return { handle, received, logged };
}

type Given = { body?: BodyInit; channel?: string; secret?: string };

function request(
  { body = JSON.stringify(CONTACT), channel = CHANNEL, secret = SECRET }: Given = {},
): Request {
  const headers: HeadersInit = secret === "" ? {} : { "x-lamina-secret": secret };
  return new Request(`http://127.0.0.1/manychat?channel=${channel}`, { method: "POST", body, headers });
}

async function answer(response: Response): Promise<[number, string]> {
  const { code, message, ...more } = await response.json();
  equal(typeof message, "string");
  deepEqual(more, {});
  return [response.status, code];
}

Deno.test("a message is kept and acknowledged in ManyChat's version 2", async () => {
  const { handle, received, logged } = setUp();
  const response = await handle(request());
  deepEqual([response.status, response.headers.get("content-type")], [200, "application/json"]);
  deepEqual(await response.json(), ACK);
  equal(received.length, 1);
  deepEqual(received[0]?.slice(0, 2), [CHANNEL, SECRET]);
  equal(received[0]?.[2].text, CONTACT.last_input_text);
  deepEqual(logged, [{ channel: CHANNEL, outcome: "accepted" }]);
});

Deno.test("a picture without words is handed on as one, and answered", async () => {
  const text = "I can only read text for now.";
  const seen: Inbound[] = [];
  const { handle } = setUp({
    receive: (_channel, _secret, message) => {
      seen.push(message);
      return Promise.resolve({ outcome: "unread", text });
    },
  });
  const response = await handle(request({ body: '{"id":"1","last_input_text":""}' }));
  equal(response.status, 200);
  deepEqual((await response.json()).content.messages, [{ type: "text", text }]);
  deepEqual(seen, [{ subscriber_id: "1", attachment: "attachment" }]);
});

Deno.test("without words to say it says nothing", async () => {
  const { handle } = setUp({ receive: () => Promise.resolve({ outcome: "accepted", text: null }) });
  const { content } = await (await handle(request())).json();
  deepEqual(content, { type: "whatsapp", messages: [] });
});

const breaking = () => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });

const REFUSED: [string, () => Request, number, string][] = [
  ["no secret", () => request({ secret: "" }), 401, "channel.unauthorised"],
  ["no channel", () => request({ channel: "" }), 401, "channel.unauthorised"],
  ["a channel that is none", () => request({ channel: "1' or 1=1" }), 401, "channel.unauthorised"],
  ["an empty body", () => request({ body: "" }), 400, "channel.bad_message"],
  ["a form", () => request({ body: "id=1&text=x" }), 400, "channel.bad_message"],
  ["a picture of nobody", () => request({ body: '{"text":""}' }), 400, "channel.bad_message"],
  ["a body too large", () => request({ body: " ".repeat(LARGEST_BODY + 1) }), 413, "channel.body_too_large"],
  ["a body that breaks off", () => request({ body: breaking() }), 400, "channel.body_incomplete"],
];
for (const [name, given, status, code] of REFUSED) {
  Deno.test(`${name} is refused as ${code}`, async () => {
    const { handle, received, logged } = setUp();
    deepEqual(await answer(await handle(given())), [status, code]);
    deepEqual(received, []);
    deepEqual([logged.length, logged[0]?.outcome], [1, code]);
  });
}

Deno.test("other methods are refused by name", async () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    const response = await setUp().handle(new Request("http://127.0.0.1/manychat", { method }));
    deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
    equal((await response.json()).code, "channel.bad_method");
  }
});

const FAULTS: [string, unknown, number, string][] = [
  ["a wrong secret", { code: "PT401", message: "no" }, 401, "channel.unauthorised"],
  ["a channel that is off", { code: "PT403", message: "off" }, 403, "channel.disabled"],
  ["a message our SQL refuses", { code: "PT400", message: "bad" }, 400, "channel.bad_message"],
  ["a flood", { code: "PT429", message: "no" }, 429, "channel.too_many"],
  ["a missing right", { code: "42501", message: "permission denied" }, 503, "channel.store_unavailable"],
  ["no connection", new TypeError("fetch failed"), 503, "channel.store_unavailable"],
  ["a cause that is no error", null, 503, "channel.store_unavailable"],
];
for (const [name, cause, status, code] of FAULTS) {
  Deno.test(`${name} is ${code}`, async () => {
    const { handle, logged } = setUp({ receive: () => Promise.reject(cause) });
    deepEqual(await answer(await handle(request())), [status, code]);
    deepEqual([logged.length, logged[0]?.channel, logged[0]?.outcome], [1, CHANNEL, code]);
  });
}

Deno.test("gives up on a store that never answers", async () => {
  const receive = (_1: string, _2: string, _3: Inbound, signal: AbortSignal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { handle } = setUp({ receive, patienceMs: 5 });
  deepEqual(await answer(await handle(request())), [503, "channel.store_unavailable"]);
});

Deno.test("neither answer nor log hold the secret or what was written", async () => {
  const row = { code: "23514", message: "new row violates check", details: CONTACT.last_input_text };
  const { handle, logged } = setUp({ receive: () => Promise.reject(row) });
  const seen = await (await handle(request())).text() + JSON.stringify(logged);
  for (const hidden of [SECRET, CONTACT.last_input_text, CONTACT.email, CONTACT.id]) {
    equal(seen.includes(hidden), false, hidden);
  }
});

Deno.test("messages at once do not mix", async () => {
  const { handle, received } = setUp({});
  const texts = Array.from({ length: 50 }, (_, at) => `message ${at}`);
  await Promise.all(texts.map((text) => handle(request({ body: JSON.stringify({ id: "1", text }) }))));
  deepEqual(received.map(([, , message]) => message.text).sort(), texts.sort());
});
