import { createHmac } from "node:crypto";
import { Buffer } from "node:buffer";

export const SECRET = "whsec_one";
/** The tests' clock, in seconds. */
export const NOW = 1_800_000_000;

export const EVENT = {
  id: "evt_1",
  object: "event",
  type: "invoice.paid",
  created: NOW,
  data: { object: { id: "in_1", object: "invoice" } },
};

export function bytes(body: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(typeof body === "string" ? new TextEncoder().encode(body) : body);
}

/** A v1 made by another implementation than the one under test. */
export function sign(body: string | Uint8Array, time: number | string = NOW, secret = SECRET): string {
  return createHmac("sha256", secret).update(`${time}.`).update(Buffer.from(bytes(body))).digest("hex");
}

export function header(body: string | Uint8Array, time: number | string = NOW, secret = SECRET): string {
  return `t=${time},v1=${sign(body, time, secret)}`;
}
