import { readBody } from "../_shared/body.ts";
import { explained, textOf } from "../_shared/causes.ts";
import type { Json } from "../_shared/database.types.ts";
import { publicKey, type Verdict, verdict } from "../_shared/ecdsa.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";
import { readBatch } from "./batch.ts";

export type Dependencies = {
  /** The public key of the signed event webhook, as SendGrid shows it; empty: nothing is accepted. */
  key: string;
  /** Keeps the batch once and says what became of it; must give up when the signal fires. */
  store: (events: Json[], signal: AbortSignal) => Promise<string>;
  /** One line for each delivery. */
  log: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
  patienceMs?: number;
};

export const LARGEST_BODY = 1024 * 1024;
export const SIGNATURE_HEADER = "x-twilio-email-event-webhook-signature";
export const TIMESTAMP_HEADER = "x-twilio-email-event-webhook-timestamp";

const BAD_METHOD = { code: "sendgrid.bad_method", message: "Send with POST." };
const NOT_CONFIGURED = {
  code: "sendgrid.not_configured",
  message: "Events of SendGrid are not set up here.",
};
const BAD_KEY = { code: "sendgrid.bad_key", message: "The public key that is set is none." };
const TOO_LARGE = { code: "sendgrid.body_too_large", message: "The body is larger than 1 MiB." };
const INCOMPLETE = { code: "sendgrid.body_incomplete", message: "The body ended too early." };
const NO_BATCH = { code: "sendgrid.batch_malformed", message: "The body is not a list of events." };
const REFUSED = { code: "sendgrid.batch_refused", message: "The events cannot be taken." };
const UNAVAILABLE = {
  code: "sendgrid.store_unavailable",
  message: "The events could not be kept; send them again.",
};
const UNTRUSTED: Record<Exclude<Verdict, "genuine">, Problem> = {
  malformed: { code: "sendgrid.signature_malformed", message: "Signature or timestamp cannot be read." },
  forged: { code: "sendgrid.signature_invalid", message: "The signature does not fit this body." },
  stale: { code: "sendgrid.signature_stale", message: "The signature is too old or from the future." },
};

/** Takes batches of SendGrid's event webhook: 200 once they are kept; after anything else they come again. */
export function sendgrid({ key, store, log, now = Date.now, patienceMs = 10_000 }: Dependencies) {
  const imported = key === "" ? undefined : publicKey(key);
  imported?.catch(() => undefined);

  async function admit(request: Request): Promise<Json[]> {
    if (imported === undefined) throw new Refusal(503, NOT_CONFIGURED);
    const verifier = await imported.catch((cause) => {
      throw new Refusal(503, BAD_KEY, cause);
    });
    const body = await readBody(request, LARGEST_BODY).catch((cause) => {
      throw new Refusal(400, INCOMPLETE, cause);
    });
    if (body === undefined) throw new Refusal(413, TOO_LARGE);
    const signature = request.headers.get(SIGNATURE_HEADER);
    const timestamp = request.headers.get(TIMESTAMP_HEADER);
    const found = await verdict(verifier, { signature, timestamp, body }, now());
    if (found !== "genuine") throw new Refusal(400, UNTRUSTED[found]);
    const events = readBatch(body);
    if (events === undefined) throw new Refusal(400, NO_BATCH);
    return events;
  }

  function keep(events: Json[]): Promise<string> {
    return store(events, AbortSignal.timeout(patienceMs)).catch((cause) => {
      const isOurs = /^PT4\d\d$/.test(textOf(cause, "code") ?? "");
      throw isOurs ? new Refusal(400, REFUSED, cause) : new Refusal(503, UNAVAILABLE, cause);
    });
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    let events: number | undefined;
    try {
      const batch = await admit(request);
      events = batch.length;
      log("sendgrid delivery", { events, outcome: await keep(batch) });
      return reply(200, { received: true });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("sendgrid delivery", { events, outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem);
    }
  };
}
