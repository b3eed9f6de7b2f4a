import { deepEqual, equal } from "node:assert/strict";
import { readJson } from "./json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("reads any JSON value", () => {
  for (const value of [null, 1, "a", [1], { a: { b: "é😀" } }]) {
    deepEqual(readJson(bytes(JSON.stringify(value))), value);
  }
});

Deno.test("what is no JSON in UTF-8 is nothing", () => {
  for (const body of [bytes(""), bytes("{"), bytes("a=b"), Uint8Array.of(0x22, 0xff, 0x22)]) {
    equal(readJson(body), undefined);
  }
});

Deno.test("what Postgres cannot keep is dropped or replaced, in lists and objects too", () => {
  deepEqual(readJson(bytes('{"a":["x\\u0000y","\\ud83d"],"b":"\\ud83d\\ude00"}')), {
    a: ["xy", "\ufffd"],
    b: "😀",
  });
});
