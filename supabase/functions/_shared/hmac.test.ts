import { deepEqual, equal, rejects } from "node:assert/strict";
import { fromHex, hmac, hmacKey, sameBytes } from "./hmac.ts";

Deno.test("signs as RFC 4231, case 2, says", async () => {
  const message = new TextEncoder().encode("what do ya want for nothing?");
  const wanted = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  deepEqual(await hmac(await hmacKey("Jefe"), message), fromHex(wanted));
});

Deno.test("an empty secret is none", () => rejects(hmacKey("")));

Deno.test("bytes are the same when all are", () => {
  const one = Uint8Array.of(1, 2, 3);
  equal(sameBytes(one, Uint8Array.of(1, 2, 3)), true);
  equal(sameBytes(new Uint8Array(), new Uint8Array()), true);
  for (const other of [[0, 2, 3], [1, 2, 2], [1, 2], [1, 2, 3, 0], [3, 2, 1]]) {
    equal(sameBytes(one, Uint8Array.from(other)), false, `${other}`);
  }
});

Deno.test("reads hexadecimal digits in pairs", () => {
  deepEqual(fromHex("00fFa0"), Uint8Array.of(0, 255, 160));
  deepEqual(fromHex(""), new Uint8Array());
  for (const text of ["0", "0g", "0x00", " 00", "00\n", "-1"]) equal(fromHex(text), undefined, text);
});
