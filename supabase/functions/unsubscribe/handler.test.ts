import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type Dependencies, unsubscribe } from "./handler.ts";

const ID = "0b9e7d0e-6c6b-4a57-9a39-3f2f5f3f8d10";
const SIGNED = createHmac("sha256", "secret").update(`unsubscribe:${ID}`).digest("hex");
const QUERY = `?r=${ID}&k=1&s=${SIGNED}`;

function setUp(changes: Partial<Dependencies> = {}) {
  const left: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = unsubscribe({
    page: "",
    keys: () => Promise.resolve({ "1": "secret" }),
    leave: (recipient) => {
      left.push(recipient);
      return Promise.resolve(true);
    },
    log: (_event, fields) => logged.push(fields),
    ...changes,
  });
  const ask = (method: string, headers: Record<string, string> = {}, query = QUERY, body?: string) =>
    handle(new Request(`http://127.0.0.1/unsubscribe${query}`, { method, headers, body }));
  return { ask, left, logged };
}

Deno.test("opening the link changes nothing and shows a button", async () => {
  const { ask, left } = setUp();
  const response = await ask("GET", { "accept-language": "en-GB, fr" });
  const html = await response.text();
  equal(response.status, 200);
  match(response.headers.get("content-type")!, /^text\/html/);
  match(response.headers.get("content-security-policy")!, /default-src 'none'/);
  match(html, /<form method="post">/);
  match(html, /lang="en"/);
  deepEqual(left, []);
});

Deno.test("it speaks French to who reads French", async () => {
  match(await (await setUp().ask("GET", { "accept-language": "fr-CH, en" })).text(), /Se désinscrire/);
});

Deno.test("one click of a mail program is enough", async () => {
  const { ask, left, logged } = setUp();
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const response = await ask("POST", headers, QUERY, "List-Unsubscribe=One-Click");
  equal(response.status, 200);
  equal(response.headers.get("set-cookie"), null);
  const html = await response.text();
  ok(!html.includes("<form"));
  match(html, /no more mails/);
  deepEqual([left, logged], [[ID], [{ outcome: "unsubscribed" }]]);
});

Deno.test("a page of the frontend may stand for ours and send JSON", async () => {
  const { ask } = setUp({ page: "https://www.example.test/leave" });
  const shown = await ask("GET");
  equal(shown.status, 303);
  equal(shown.headers.get("location"), `https://www.example.test/leave${QUERY}`);
  equal((await ask("OPTIONS")).headers.get("access-control-allow-origin"), "*");
  const done = await ask("POST", { accept: "application/json" });
  deepEqual([done.status, await done.json()], [200, { unsubscribed: true }]);
  equal(done.headers.get("access-control-allow-origin"), "*");
});

Deno.test("who could not be unsubscribed is told so", async () => {
  const { ask, logged } = setUp({ leave: () => Promise.resolve(false) });
  const shown = await ask("POST");
  const html = await shown.text();
  equal(shown.status, 410);
  match(html, /nothing was changed/);
  ok(!html.includes("no more mails"));
  deepEqual(logged, [{ outcome: "unknown" }]);
  const told = await ask("POST", { accept: "application/json" });
  deepEqual([told.status, (await told.json()).code], [410, "unsubscribe.mail_unknown"]);
  equal(told.headers.get("access-control-allow-origin"), "*");
});

const ENDED: [string, number, number, number][] = [
  ["40P01", 1, 200, 2],
  ["40P01", 2, 503, 2],
  ["57014", 1, 503, 1],
];
for (const [code, failures, status, tries] of ENDED) {
  Deno.test(`${failures} × ${code} of the database: ${status} after ${tries}`, async () => {
    let calls = 0;
    const leave = () =>
      ++calls > failures ? Promise.resolve(true) : Promise.reject({ code, message: "ended" });
    deepEqual([(await setUp({ leave }).ask("POST")).status, calls], [status, tries]);
  });
}

const away = () => Promise.reject(new TypeError("fetch failed"));
const REFUSED: [string, Partial<Dependencies>, string, string, number, string][] = [
  ["a changed link", {}, "POST", QUERY.replace(ID, ID.replace("0b", "0c")), 404, "unsubscribe.link_invalid"],
  ["no link", {}, "GET", "", 404, "unsubscribe.link_invalid"],
  ["another method", {}, "PUT", QUERY, 405, "unsubscribe.bad_method"],
  ["no keys", { keys: away }, "GET", QUERY, 503, "unsubscribe.unavailable"],
  ["no database", { leave: away }, "POST", QUERY, 503, "unsubscribe.unavailable"],
];
for (const [name, changes, method, query, status, code] of REFUSED) {
  Deno.test(`${name}: ${code}`, async () => {
    const { ask, left } = setUp(changes);
    const response = await ask(method, {}, query);
    const body = await response.json();
    deepEqual([response.status, body.code, left], [status, code, []]);
  });
}

Deno.test("gives up on a database that never answers", async () => {
  const leave = (_: string, signal: AbortSignal) =>
    new Promise<boolean>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  equal((await setUp({ leave, patienceMs: 5 }).ask("POST")).status, 503);
});
