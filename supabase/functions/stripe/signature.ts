import { joined } from "../_shared/body.ts";
import { fromHex, hmac, sameBytes } from "../_shared/hmac.ts";

/** Seconds between the signature's time and ours, either way; Stripe's libraries allow as much. */
export const TOLERANCE_S = 300;
/** Characters; Stripe's own header with three signatures has under 250. */
export const LONGEST_HEADER = 4096;

export type Verdict = "authentic" | "missing" | "malformed" | "invalid" | "stale";
type Said = { time: string; signatures: Uint8Array[] };

/**
 * Judges the header `stripe-signature` against the body's bytes as they came.
 *
 * `t=<unix seconds>,v1=<hex>[,v1=<hex>…]`: each v1 is an HMAC-SHA256 of `<t>.<body>` by one of the endpoint's
 * secrets, of which there are several while one is being replaced. Other schemes (v0) prove nothing.
 * https://docs.stripe.com/webhooks#verify-manually
 */
export async function judge(
  header: string | null,
  body: Uint8Array,
  keys: CryptoKey[],
  nowMs: number,
): Promise<Verdict> {
  if (!header) return "missing";
  const said = readHeader(header);
  if (said === undefined) return "malformed";
  const message = joined([new TextEncoder().encode(`${said.time}.`), body]);
  const expected = await Promise.all(keys.map((key) => hmac(key, message)));
  if (!expected.some((ours) => said.signatures.some((theirs) => sameBytes(ours, theirs)))) return "invalid";
  return Math.abs(Math.floor(nowMs / 1000) - Number(said.time)) > TOLERANCE_S ? "stale" : "authentic";
}

/** One time and at least one v1, or undefined. A v1 that is not hexadecimal is one that matches nothing. */
function readHeader(header: string): Said | undefined {
  if (header.length > LONGEST_HEADER) return undefined;
  const times: string[] = [];
  const signatures: Uint8Array[] = [];
  for (const part of header.split(",")) {
    const [, scheme, value] = /^\s*(\w+)=(.*?)\s*$/.exec(part) ?? [];
    if (value === undefined) return undefined;
    if (scheme === "t") times.push(value);
    if (scheme === "v1") signatures.push(fromHex(value) ?? new Uint8Array());
  }
  const [time, ...more] = times;
  if (time === undefined || more.length > 0 || !/^\d{1,12}$/.test(time)) return undefined;
  return signatures.length > 0 ? { time, signatures } : undefined;
}
