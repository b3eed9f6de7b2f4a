import { deepEqual, equal, rejects } from "node:assert/strict";
import { joined, readBody } from "./body.ts";

const LIMIT = 1000;

function post(body: BodyInit | null, headers: Record<string, string> = {}): Request {
  return new Request("http://127.0.0.1/", { method: "POST", body, headers });
}

/** A body of unknown length, and how many bytes were asked of it. */
function endless(piece: number) {
  const taken = { bytes: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      taken.bytes += piece;
      controller.enqueue(new Uint8Array(piece));
    },
    cancel() {
      taken.cancelled = true;
    },
  }, { highWaterMark: 0 });
  return { stream, taken };
}

Deno.test("gives the bytes, whatever they are", async () => {
  const all = Uint8Array.from({ length: 256 }, (_, at) => at);
  deepEqual(await readBody(post(all), LIMIT), all);
  deepEqual(await readBody(post(null), LIMIT), new Uint8Array());
  deepEqual(await readBody(post(ReadableStream.from([all, all])), LIMIT), joined([all, all]));
});

Deno.test("takes as many bytes as the limit, and not one more", async () => {
  equal((await readBody(post(new Uint8Array(LIMIT)), LIMIT))?.length, LIMIT);
  equal(await readBody(post(new Uint8Array(LIMIT + 1)), LIMIT), undefined);
});

Deno.test("stops reading at the limit when the length was not said", async () => {
  const { stream, taken } = endless(300);
  equal(await readBody(post(stream), LIMIT), undefined);
  equal(taken.bytes, 1200);
  equal(taken.cancelled, true);
});

Deno.test("reads nothing when the said length is too much, and believes no small one", async () => {
  const large = endless(300);
  equal(await readBody(post(large.stream, { "content-length": `${LIMIT + 1}` }), LIMIT), undefined);
  deepEqual(large.taken, { bytes: 0, cancelled: true });
  const lying = endless(300);
  equal(await readBody(post(lying.stream, { "content-length": "1" }), LIMIT), undefined);
  equal(lying.taken.bytes, 1200);
});

Deno.test("says so when the sender stops halfway", async () => {
  async function* broken() {
    yield new Uint8Array(10);
    await Promise.reject(new Error("connection reset"));
  }
  await rejects(readBody(post(ReadableStream.from(broken())), LIMIT), /connection reset/);
});
