import { equal } from "node:assert/strict";
import { hmacKey } from "../_shared/hmac.ts";
import { judge, LONGEST_HEADER, type Verdict } from "./signature.ts";
import { bytes, header, NOW, SECRET, sign } from "./support.ts";

const BODY = '{"id":"evt_1","object":"event","type":"invoice.paid"}';
const GOOD = sign(BODY);
const WRONG = sign(BODY, NOW, "whsec_another");

async function verdict(
  said: string | null,
  { body = BODY, secrets = [SECRET], now = NOW }: {
    body?: string | Uint8Array;
    secrets?: string[];
    now?: number;
  } = {},
): Promise<Verdict> {
  return await judge(said, bytes(body), await Promise.all(secrets.map(hmacKey)), now * 1000);
}

Deno.test("agrees with a vector computed elsewhere", async () => {
  // printf '1800000000.{}' | openssl dgst -sha256 -hmac whsec_one
  const v1 = "10bcd498d32a3c7024d73eb0bdca8767278653e6bbcd5a60bb497b5d8d2afd81";
  equal(await verdict(`t=1800000000,v1=${v1}`, { body: "{}" }), "authentic");
});

const HEADERS: [string, string | null, Verdict][] = [
  ["one v1", `t=${NOW},v1=${GOOD}`, "authentic"],
  ["the v1 before the time", `v1=${GOOD},t=${NOW}`, "authentic"],
  ["spaces after commas", `t=${NOW}, v1=${GOOD}`, "authentic"],
  ["the first of two v1", `t=${NOW},v1=${GOOD},v1=${WRONG}`, "authentic"],
  ["the last of three v1", `t=${NOW},v1=${WRONG},v1=${WRONG},v1=${GOOD}`, "authentic"],
  ["a wrong v0 beside it", `t=${NOW},v1=${GOOD},v0=${WRONG}`, "authentic"],
  ["an unknown scheme beside it", `t=${NOW},v2=x=y,v1=${GOOD}`, "authentic"],
  ["a v1 of another length beside it", `t=${NOW},v1=00,v1=${GOOD}`, "authentic"],
  ["upper-case hex", `t=${NOW},v1=${GOOD.toUpperCase()}`, "authentic"],
  ["no header", null, "missing"],
  ["an empty header", "", "missing"],
  ["a right v0 only", `t=${NOW},v0=${GOOD}`, "malformed"],
  ["no time", `v1=${GOOD}`, "malformed"],
  ["an empty time", `t=,v1=${GOOD}`, "malformed"],
  ["a negative time", `t=-${NOW},v1=${GOOD}`, "malformed"],
  ["a time with a fraction", `t=${NOW}.0,v1=${GOOD}`, "malformed"],
  ["a time of thirteen digits", `t=${NOW}000,v1=${GOOD}`, "malformed"],
  ["the same time twice", `t=${NOW},t=${NOW},v1=${GOOD}`, "malformed"],
  ["two headers as one", `t=${NOW},v1=${GOOD}, t=${NOW},v1=${GOOD}`, "malformed"],
  ["no v1", `t=${NOW}`, "malformed"],
  ["a part without =", `t=${NOW},v1=${GOOD},`, "malformed"],
  ["words", "Bearer abc", "malformed"],
  ["a wrong v1", `t=${NOW},v1=${WRONG}`, "invalid"],
  ["an empty v1", `t=${NOW},v1=`, "invalid"],
  ["half of the v1", `t=${NOW},v1=${GOOD.slice(0, 32)}`, "invalid"],
  ["the v1 but its last digit", `t=${NOW},v1=${GOOD.slice(0, -1)}`, "invalid"],
  ["the v1 and a byte", `t=${NOW},v1=${GOOD}00`, "invalid"],
  ["a v1 that is not hex", `t=${NOW},v1=${"z".repeat(64)}`, "invalid"],
  ["the v1 of another time", `t=${NOW - 1},v1=${GOOD}`, "invalid"],
  ["the time written differently", `t=0${NOW},v1=${GOOD}`, "invalid"],
];
for (const [name, said, wanted] of HEADERS) {
  Deno.test(`header: ${name} is ${wanted}`, async () => equal(await verdict(said), wanted));
}

Deno.test("a header is read up to its longest, and no further", async () => {
  const start = `t=${NOW},v1=${GOOD},v0=`;
  const longest = start + "0".repeat(LONGEST_HEADER - start.length);
  equal(await verdict(longest), "authentic");
  equal(await verdict(`${longest}0`), "malformed");
  equal(await verdict("t=1,".repeat(200_000)), "malformed");
});

for (
  const [age, wanted] of [[300, "authentic"], [301, "stale"], [-300, "authentic"], [-301, "stale"]] as const
) {
  Deno.test(`a signature ${age} s old is ${wanted}`, async () => {
    equal(await verdict(header(BODY, NOW - age)), wanted);
  });
}

Deno.test("a delivery is good once more within 300 s, and stale after them", async () => {
  const said = header(BODY);
  equal(await verdict(said, { now: NOW + 300.999 }), "authentic");
  equal(await verdict(said, { now: NOW + 301 }), "stale");
});

Deno.test("an old forgery is a forgery", async () => {
  equal(await verdict(header(BODY, NOW - 9999, "whsec_another")), "invalid");
});

Deno.test("while a secret is replaced, either signs", async () => {
  const secrets = ["whsec_new", SECRET];
  equal(await verdict(header(BODY, NOW, "whsec_new"), { secrets }), "authentic");
  equal(await verdict(header(BODY, NOW, SECRET), { secrets }), "authentic");
  equal(await verdict(header(BODY, NOW, "whsec_another"), { secrets }), "invalid");
  equal(await verdict(header(BODY, NOW, SECRET), { secrets: ["whsec_new"] }), "invalid");
  equal(await verdict(header(BODY, NOW, `whsec_new,${SECRET}`), { secrets }), "invalid");
});

const BODIES: [string, string | Uint8Array, string | Uint8Array][] = [
  ["cut off by a byte", BODY, BODY.slice(0, -1)],
  ["with a line break added", BODY, `${BODY}\n`],
  ["written with other spaces", BODY, JSON.stringify(JSON.parse(BODY), null, 1)],
  ["emptied", BODY, ""],
  ["composed where it was decomposed", "e\u0301", "\u00e9"],
  ["with a byte order mark", BODY, `\ufeff${BODY}`],
  ["with another byte that is not UTF-8", Uint8Array.of(0xff), Uint8Array.of(0xfe)],
];
for (const [name, signed, sent] of BODIES) {
  Deno.test(`a body ${name} is not the signed one`, async () => {
    equal(await verdict(header(signed), { body: signed }), "authentic");
    equal(await verdict(header(signed), { body: sent }), "invalid");
  });
}

Deno.test("bytes are signed as they are", async () => {
  for (
    const body of [
      "",
      '{"name":"Zo\u00eb \u{1f600} \u4e2d"}',
      Uint8Array.from({ length: 256 }, (_, at) => at),
    ]
  ) {
    equal(await verdict(header(body), { body }), "authentic");
  }
});

Deno.test("the point between time and body belongs to the signature", async () => {
  const said = `t=${NOW}1,v1=${sign(BODY)}`;
  equal(await verdict(said), "invalid");
});
