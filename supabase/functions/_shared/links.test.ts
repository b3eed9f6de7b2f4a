import { deepEqual, equal, rejects } from "node:assert/strict";
import { createHmac } from "node:crypto";
import { keptKeys, recipientOf } from "./links.ts";

const ID = "0b9e7d0e-6c6b-4a57-9a39-3f2f5f3f8d10";
const KEYS = { "1": "first", "2": "second" };

function query(words: string, changes: Record<string, string> = {}, key = "2") {
  const secret = KEYS[key as "1" | "2"];
  const s = createHmac("sha256", secret).update(words).digest("hex");
  return new URLSearchParams({ r: ID, k: key, s, ...changes });
}

Deno.test("believes what a key signed, an older one too", async () => {
  equal(await recipientOf(query(`unsubscribe:${ID}`), "unsubscribe", KEYS), ID);
  equal(await recipientOf(query(`open:${ID}`, {}, "1"), "open", KEYS), ID);
  const target = "https://example.test/?a=1&b=ü";
  equal(await recipientOf(query(`click:${ID}:${target}`), "click", KEYS, target), ID);
});

const WRONG: [string, URLSearchParams][] = [
  ["another act", query(`open:${ID}`)],
  ["another recipient", query(`unsubscribe:${ID}`, { r: ID.replace("0b", "0c") })],
  ["another key's name", query(`unsubscribe:${ID}`, { k: "1" })],
  ["an unknown key", query(`unsubscribe:${ID}`, { k: "9" })],
  ["a word every object knows", query(`unsubscribe:${ID}`, { k: "constructor" })],
  ["no signature", query(`unsubscribe:${ID}`, { s: "" })],
  ["half a signature", query(`unsubscribe:${ID}`, { s: "ab" })],
  ["words as signature", query(`unsubscribe:${ID}`, { s: "hello" })],
  ["no recipient", new URLSearchParams()],
];
for (const [name, given] of WRONG) {
  Deno.test(`does not believe ${name}`, async () => {
    equal(await recipientOf(given, "unsubscribe", KEYS), undefined);
  });
}

Deno.test("a click's target is signed too", async () => {
  const given = query(`click:${ID}:https://example.test/`);
  equal(await recipientOf(given, "click", KEYS, "https://evil.test/"), undefined);
  equal(await recipientOf(given, "click", KEYS), undefined);
});

Deno.test("keys are kept for a while, a failure is not", async () => {
  let [asked, time] = [0, 0];
  const load = () => ++asked === 1 ? Promise.reject(new Error("away")) : Promise.resolve({ [asked]: "k" });
  const keys = keptKeys(load, 100, () => time);
  await rejects(keys());
  deepEqual(await keys(), { "2": "k" });
  deepEqual(await keys(), { "2": "k" });
  time = 100;
  deepEqual(await keys(), { "3": "k" });
});
