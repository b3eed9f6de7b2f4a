import { deepEqual, equal } from "node:assert/strict";
import { readEvent } from "./event.ts";
import { bytes, EVENT } from "./support.ts";

const THIN = {
  id: "evt_test_65",
  object: "v2.core.event",
  type: "v1.billing.meter.error_report_triggered",
  created: "2026-11-21T08:00:00.000Z",
  livemode: false,
  context: null,
  related_object: { id: "mtr_1", type: "billing.meter", url: "/v1/billing/meters/mtr_1" },
};

Deno.test("reads snapshot and thin events whole", () => {
  for (const event of [EVENT, THIN]) deepEqual(readEvent(bytes(JSON.stringify(event))), event);
  deepEqual(readEvent(bytes(`\ufeff${JSON.stringify(EVENT)}`)), EVENT);
});

const NO_EVENTS: Record<string, string | Uint8Array> = {
  "an empty body": "",
  "half an event": JSON.stringify(EVENT).slice(0, -1),
  "two events": JSON.stringify(EVENT).repeat(2),
  "a form": "id=evt_1&object=event",
  "a list": JSON.stringify([EVENT]),
  "null": "null",
  "a string": '"event"',
  "an object of another kind": JSON.stringify({ ...EVENT, object: "invoice" }),
  "an event without id": JSON.stringify({ ...EVENT, id: undefined }),
  "an event with a number as id": JSON.stringify({ ...EVENT, id: 1 }),
  "an event with an empty type": JSON.stringify({ ...EVENT, type: "" }),
  "an event with an endless type": JSON.stringify({ ...EVENT, type: "x".repeat(256) }),
  "bytes that are not UTF-8": Uint8Array.of(0x22, 0xff, 0x22),
  "UTF-16": Uint8Array.from(Array.from("{}").flatMap((each) => [each.charCodeAt(0), 0])),
};
for (const [name, body] of Object.entries(NO_EVENTS)) {
  Deno.test(`${name} is no event`, () => equal(readEvent(bytes(body)), undefined));
}

Deno.test("what Postgres cannot keep is dropped, and the rest is as it was", () => {
  const body = JSON.stringify({ ...EVENT, data: ["a\0b", "\ud83d\ude00", "WRONG"] }).replace(
    "WRONG",
    "\\ud83d!",
  );
  deepEqual(readEvent(bytes(body))?.data, ["ab", "\u{1f600}", "\ufffd!"]);
});

Deno.test("an event nested too deep to look through is no event", () => {
  const nested = `${"[".repeat(200_000)}"\\u0000"${"]".repeat(200_000)}`;
  equal(readEvent(bytes(`{"id":"evt_1","type":"a","object":"event","data":${nested}}`)), undefined);
});
