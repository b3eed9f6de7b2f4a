import type { Json } from "../_shared/database.types.ts";
import { readJson } from "../_shared/json.ts";

/** What the worker reads of an event; the recipient's network address and program stay outside. */
const KEPT = [
  "event",
  "email",
  "timestamp",
  "sg_event_id",
  "sg_message_id",
  "lamina_id",
  "type",
  "status",
  "reason",
  "response",
  "bounce_classification",
];

/** The events in a body, with what is kept of each; undefined when it is not UTF-8, JSON or a list of objects. */
export function readBatch(body: Uint8Array): Json[] | undefined {
  const value = readJson(body);
  return Array.isArray(value) && value.every(isObject) ? value.map(kept) : undefined;
}

function isObject(value: Json): value is { [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kept(event: { [key: string]: Json | undefined }): Json {
  return Object.fromEntries(KEPT.filter((name) => name in event).map((name) => [name, event[name]]));
}
