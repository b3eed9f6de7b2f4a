import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { type Dependencies, track } from "./handler.ts";

const ID = "0b9e7d0e-6c6b-4a57-9a39-3f2f5f3f8d10";
const TARGET = "https://example.test/offer?a=1&b=%C3%BC#top";

function query(words: string, target?: string, recipient = ID) {
  const s = createHmac("sha256", "secret").update(words).digest("hex");
  return new URLSearchParams({ r: recipient, k: "1", s, ...(target === undefined ? {} : { u: target }) });
}
const OPEN = query(`open:${ID}`);
const CLICK = query(`click:${ID}:${TARGET}`, TARGET);

function setUp(changes: Partial<Dependencies> = {}) {
  const noted: [string, boolean][] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = track({
    keys: () => Promise.resolve({ "1": "secret" }),
    note: (recipient, isClick) => {
      noted.push([recipient, isClick]);
      return Promise.resolve(true);
    },
    log: (_event, fields) => logged.push(fields),
    ...changes,
  });
  const ask = (given: URLSearchParams, method = "GET") =>
    handle(new Request(`http://127.0.0.1/track?${given}`, { method }));
  return { ask, noted, logged };
}

Deno.test("an opening is noted and answered with a picture", async () => {
  const { ask, noted } = setUp();
  const response = await ask(OPEN);
  deepEqual([response.status, response.headers.get("content-type")], [200, "image/gif"]);
  equal(new TextDecoder().decode((await response.bytes()).slice(0, 6)), "GIF89a");
  equal(response.headers.get("cache-control"), "no-store");
  deepEqual(noted, [[ID, false]]);
});

Deno.test("a click is noted and led on to exactly the signed address", async () => {
  const { ask, noted } = setUp();
  const response = await ask(CLICK);
  deepEqual([response.status, response.headers.get("location")], [302, TARGET]);
  deepEqual(noted, [[ID, true]]);
});

Deno.test("a click leads on even when it could not be noted, within the patience", async () => {
  const note = (_: string, __: boolean, signal: AbortSignal) =>
    new Promise<boolean>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const { ask, logged } = setUp({ note, patienceMs: 5 });
  equal((await ask(CLICK)).status, 302);
  equal(logged[0]!.outcome, "click not noted");
});

Deno.test("a mail that is not known any more leads nowhere by itself", async () => {
  const { ask, logged } = setUp({ note: () => Promise.resolve(false) });
  const target = `https://example.test/?q=<script>"'&b`;
  const response = await ask(query(`click:${ID}:${target}`, target));
  const html = await response.text();
  deepEqual([response.status, response.headers.get("location")], [200, null]);
  match(response.headers.get("content-security-policy")!, /default-src 'none'/);
  match(html, /href="https:\/\/example\.test\/\?q=&#60;script&#62;&#34;&#39;&#38;b"/);
  ok(!html.includes("<script"));
  equal((await ask(OPEN)).headers.get("content-type"), "image/gif");
  deepEqual(logged.map(({ outcome }) => outcome), ["click of an unknown mail", "open of an unknown mail"]);
});

const REFUSED: [string, URLSearchParams][] = [
  ["another target", query(`click:${ID}:${TARGET}`, "https://evil.test/")],
  ["an opening's signature for a click", query(`open:${ID}`, TARGET)],
  ["a signed address that is no web address", query(`click:${ID}:javascript:1`, "javascript:1")],
  ["another recipient", query(`open:${ID}`, undefined, ID.replace("0b", "0c"))],
  ["nothing", new URLSearchParams()],
];
for (const [name, given] of REFUSED) {
  Deno.test(`leads nowhere for ${name}`, async () => {
    const { ask, noted } = setUp();
    const response = await ask(given);
    deepEqual([response.status, (await response.json()).code], [404, "track.link_invalid"]);
    deepEqual([response.headers.get("location"), noted], [null, []]);
  });
}

Deno.test("without keys nothing can be told", async () => {
  const { ask } = setUp({ keys: () => Promise.reject(new TypeError("fetch failed")) });
  const response = await ask(CLICK);
  deepEqual([response.status, (await response.json()).code], [503, "track.unavailable"]);
});

Deno.test("programs that ask with HEAD or POST are not counted", async () => {
  for (const method of ["HEAD", "POST"]) {
    const { ask, noted } = setUp();
    deepEqual([(await ask(OPEN, method)).status, noted], [405, []]);
  }
});
