import type { Json } from "./database.types.ts";

/**
 * The JSON in a body, as Postgres can keep it: NUL is dropped, halves of surrogate pairs are replaced.
 * Undefined when it is not UTF-8 or not JSON.
 */
export function readJson(body: Uint8Array): Json | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return JSON.parse(text, hasUnstorable(text) ? storable : undefined);
  } catch {
    return undefined;
  }
}

/** NUL and halves of surrogate pairs are JSON, but Postgres keeps neither in a jsonb. */
function hasUnstorable(text: string): boolean {
  return /\\u(0000|d[89a-f])/i.test(text);
}

function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : value;
}
