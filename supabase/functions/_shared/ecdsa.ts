import { joined } from "./body.ts";

/**
 * `malformed`: not in the form of a signature. `stale`: signed too long ago, or in the future. `forged`: not
 * by the owner of the key, or about something else.
 */
export type Verdict = "genuine" | "malformed" | "stale" | "forged";

/** What came with a request: both headers as they were, and the body's bytes before anything parsed them. */
export type Signed = {
  signature: string | null;
  timestamp: string | null;
  body: Uint8Array<ArrayBuffer>;
};

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SHA256 = { name: "ECDSA", hash: "SHA-256" };
const NUMBER_BYTES = 32;

/**
 * SendGrid repeats a batch for 24 hours, and does not say whether it signs it anew. Every event has an id and
 * counts once, so an old batch does no harm.
 */
export const TOLERANCE_SECONDS = 24 * 3600 + 300;

/** The key as SendGrid shows it: SubjectPublicKeyInfo in base64. Rejects when it is anything else. */
export async function publicKey(base64: string): Promise<CryptoKey> {
  const bytes = fromBase64(base64.trim());
  if (bytes === undefined) throw new TypeError("The public key is not base64.");
  return await crypto.subtle.importKey("spki", bytes, P256, false, ["verify"]);
}

/**
 * Whether the owner of the key signed these bytes: SHA-256 with ECDSA over the timestamp's digits and the body
 * (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features).
 */
export async function verdict(
  key: CryptoKey,
  { signature, timestamp, body }: Signed,
  nowMs = Date.now(),
  toleranceSeconds = TOLERANCE_SECONDS,
): Promise<Verdict> {
  const der = fromBase64(signature ?? "");
  const numbers = der && rawSignature(der);
  if (numbers === undefined || timestamp === null || !/^\d{1,12}$/.test(timestamp)) return "malformed";
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > toleranceSeconds) return "stale";
  const message = joined([new TextEncoder().encode(timestamp), body]);
  return await crypto.subtle.verify(SHA256, key, numbers, message) ? "genuine" : "forged";
}

/**
 * From DER, `SEQUENCE { INTEGER r, INTEGER s }`, to both numbers in 32 bytes each, which is what WebCrypto
 * takes. Undefined for anything but the one way to write them.
 */
export function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const r = integer(der, 2);
  const s = r && integer(der, r.end);
  if (s === undefined || s.end !== der.length) return undefined;
  const raw = new Uint8Array(2 * NUMBER_BYTES);
  raw.set(r!.bytes, NUMBER_BYTES - r!.bytes.length);
  raw.set(s.bytes, 2 * NUMBER_BYTES - s.bytes.length);
  return raw;
}

/** The positive number that begins at `start`, without the zero that keeps it from looking negative. */
function integer(der: Uint8Array, start: number): { bytes: Uint8Array; end: number } | undefined {
  const length = der[start + 1] ?? 0;
  const end = start + 2 + length;
  if (der[start] !== 0x02 || length === 0 || end > der.length) return undefined;
  const [first, second] = [der[start + 2]!, der[start + 3]!];
  const padded = first === 0 && length > 1;
  if (first >= 0x80 || (padded && second < 0x80)) return undefined;
  const bytes = der.subarray(start + 2 + (padded ? 1 : 0), end);
  return bytes.length <= NUMBER_BYTES ? { bytes, end } : undefined;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}
