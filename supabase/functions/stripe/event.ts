import type { Json } from "../_shared/database.types.ts";
import { readJson } from "../_shared/json.ts";

/** A snapshot event, or a thin one of API v2; both name themselves alike. */
export type StripeEvent = {
  id: string;
  type: string;
  object: "event" | "v2.core.event";
  [key: string]: Json | undefined;
};

const LONGEST_NAME = 255;

/** The event in a body; undefined when it is not UTF-8, not JSON, or no event. */
export function readEvent(body: Uint8Array): StripeEvent | undefined {
  const value: unknown = readJson(body);
  return isEvent(value) ? value : undefined;
}

function isEvent(value: unknown): value is StripeEvent {
  if (typeof value !== "object" || value === null) return false;
  const { id, type, object } = value as Record<string, unknown>;
  return isName(id) && isName(type) && (object === "event" || object === "v2.core.event");
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= LONGEST_NAME;
}
