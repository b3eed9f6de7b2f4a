import { deepEqual, equal, rejects } from "node:assert/strict";
import { createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { publicKey, rawSignature, type Signed, TOLERANCE_SECONDS, verdict } from "./ecdsa.ts";

const NOW = 1_790_000_000_000;
const BODY = '[{"event":"delivered","reason":"Zürich ✓"}]\r\n';

/** OpenSSL signs, so that the form of a signature is not ours. */
function signed(key: KeyObject, timestamp = String(NOW / 1000), body = BODY): Signed {
  const signature = createSign("SHA256").update(timestamp).update(body).sign(key, "base64");
  return { signature, timestamp, body: new TextEncoder().encode(body) };
}

function pair(curve = "P-256") {
  const { publicKey: open, privateKey: secret } = generateKeyPairSync("ec", { namedCurve: curve });
  return { secret, spki: open.export({ type: "spki", format: "der" }).toString("base64") };
}

const { secret, spki } = pair();
const key = await publicKey(spki);

Deno.test("believes what the owner of the key signed", async () => {
  for (let time = NOW / 1000 - 150; time < NOW / 1000 + 150; time++) {
    equal(await verdict(key, signed(secret, String(time)), NOW), "genuine");
  }
});

Deno.test("does not believe a changed body, timestamp or signature", async () => {
  const good = signed(secret);
  const body = good.body.slice();
  body[0] = 0x20;
  const bytes = Uint8Array.from(atob(good.signature!), (char) => char.charCodeAt(0));
  bytes[bytes.length - 1]! ^= 1;
  equal(await verdict(key, { ...good, body }, NOW), "forged");
  equal(await verdict(key, { ...good, body: good.body.slice(0, -2) }, NOW), "forged");
  equal(await verdict(key, { ...good, timestamp: String(NOW / 1000 + 1) }, NOW), "forged");
  equal(await verdict(key, { ...good, signature: btoa(String.fromCharCode(...bytes)) }, NOW), "forged");
});

Deno.test("does not believe the owner of another key", async () => {
  equal(await verdict(await publicKey(pair().spki), signed(secret), NOW), "forged");
});

Deno.test("wants the signature to be recent, on both sides of the clock", async () => {
  const good = signed(secret);
  const edge = TOLERANCE_SECONDS * 1000;
  equal(await verdict(key, good, NOW + edge), "genuine");
  equal(await verdict(key, good, NOW + edge + 1), "stale");
  equal(await verdict(key, good, NOW - edge - 1), "stale");
  equal(await verdict(key, good, NOW + 300_001, 300), "stale");
});

Deno.test("says when there is no signature to look at", async () => {
  const good = signed(secret);
  const bad: Partial<Signed>[] = [
    { signature: null },
    { signature: "" },
    { signature: "not base64!" },
    { signature: btoa("words") },
    { signature: good.signature!.slice(4) },
    { timestamp: null },
    { timestamp: "" },
    { timestamp: "-1" },
    { timestamp: "1e9" },
    { timestamp: `${NOW}000` },
    { timestamp: " 1790000000" },
  ];
  for (const change of bad) {
    equal(await verdict(key, { ...good, ...change }, NOW), "malformed", JSON.stringify(change));
  }
});

Deno.test("takes a public key as SendGrid shows it, and nothing else", async () => {
  equal((await publicKey(` ${spki}\n`)).type, "public");
  await rejects(publicKey("not base64!"), TypeError);
  await rejects(publicKey(btoa("words")));
  await rejects(publicKey(pair("P-384").spki));
  await rejects(publicKey(""));
});

const der = (...bytes: number[]) => new Uint8Array(bytes);
const long = (first: number, length: number) => [first, ...new Array(length - 1).fill(7)];

Deno.test("writes both numbers in 32 bytes", () => {
  const short = rawSignature(der(0x30, 6, 2, 1, 1, 2, 1, 0x7f))!;
  deepEqual([short.length, short[31], short[63]], [64, 1, 0x7f]);
  equal(short.reduce((sum, byte) => sum + byte), 0x80);
  const padded = rawSignature(der(0x30, 70, 2, 33, 0, ...long(0xff, 32), 2, 33, 0, ...long(0x80, 32)))!;
  deepEqual([padded.length, padded[0], padded[32]], [64, 0xff, 0x80]);
});

Deno.test("takes the one way to write a signature only", () => {
  const wrong = [
    der(),
    der(0x30),
    der(0x31, 6, 2, 1, 1, 2, 1, 1), // not a sequence
    der(0x30, 7, 2, 1, 1, 2, 1, 1), // longer than it is
    der(0x30, 6, 2, 1, 1, 2, 1, 1, 0), // something after it
    der(0x30, 7, 2, 1, 1, 2, 1, 1, 0), // something after the numbers
    der(0x30, 3, 2, 1, 1), // one number
    der(0x30, 6, 3, 1, 1, 2, 1, 1), // not an integer
    der(0x30, 5, 2, 0, 2, 1, 1), // an empty one
    der(0x30, 6, 2, 9, 1, 2, 1, 1), // one longer than the rest
    der(0x30, 6, 2, 1, 0x80, 2, 1, 1), // a negative one
    der(0x30, 7, 2, 2, 0, 1, 2, 1, 1), // a zero too many
    der(0x30, 38, 2, 33, ...long(1, 33), 2, 1, 1), // more than 256 bits
    der(0x30, 0x81, 6, 2, 1, 1, 2, 1, 1), // a length in two bytes
  ];
  for (const bytes of wrong) equal(rawSignature(bytes), undefined, String(bytes));
});
