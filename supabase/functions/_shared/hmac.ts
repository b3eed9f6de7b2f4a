const SHA256 = { name: "HMAC", hash: "SHA-256" };

/** A key that signs; `secret` is used as its UTF-8 bytes and must not be empty. */
export function hmacKey(secret: string): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new TextEncoder().encode(secret), SHA256, false, ["sign"]);
}

/** HMAC-SHA256, 32 bytes. */
export async function hmac(key: CryptoKey, message: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign(SHA256.name, key, message));
}

/** Whether both are equal, in a time that tells nothing but their lengths. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= one[at]! ^ other[at]!;
  return difference === 0;
}

/** The bytes of pairs of hexadecimal digits; undefined when it is anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  return Uint8Array.from(
    { length: text.length / 2 },
    (_, at) => parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}
