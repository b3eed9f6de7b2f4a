import { fromHex, hmac, hmacKey, sameBytes } from "./hmac.ts";

/** What a link in a mail does; `worker/domains/marketing/links.py` signs the same words. */
export type Act = "unsubscribe" | "open" | "click";

/** Secrets by id: the newest signs, older ones stay good. */
export type Keys = { [id: string]: string | undefined };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The recipient that a link's query names; undefined unless it was signed for this act and, if any, target. */
export async function recipientOf(
  query: URLSearchParams,
  act: Act,
  keys: Keys,
  target?: string,
): Promise<string | undefined> {
  const recipient = query.get("r") ?? "";
  const id = query.get("k") ?? "";
  const secret = Object.hasOwn(keys, id) ? keys[id] : undefined;
  const given = fromHex(query.get("s") ?? "");
  if (!UUID.test(recipient) || secret === undefined || given === undefined) return undefined;
  const words = [act, recipient, ...(target === undefined ? [] : [target])].join(":");
  const right = await hmac(await hmacKey(secret), new TextEncoder().encode(words));
  return sameBytes(right, given) ? recipient : undefined;
}

/** Asks for the keys at most every `keptMs`, and again after a failure. */
export function keptKeys(load: () => Promise<Keys>, keptMs = 300_000, now = Date.now): () => Promise<Keys> {
  let kept: Promise<Keys> | undefined;
  let until = 0;
  return () => {
    if (kept === undefined || now() >= until) {
      until = now() + keptMs;
      const asked = load();
      asked.catch(() => kept === asked && (kept = undefined));
      kept = asked;
    }
    return kept;
  };
}
