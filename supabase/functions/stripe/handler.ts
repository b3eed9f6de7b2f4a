import { readBody } from "../_shared/body.ts";
import { explained, textOf } from "../_shared/causes.ts";
import { hmacKey } from "../_shared/hmac.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";
import { readEvent, type StripeEvent } from "./event.ts";
import { judge, type Verdict } from "./signature.ts";

export type Dependencies = {
  /** Signing secrets of the endpoint, any of which may have signed; none: nothing is accepted. */
  secrets: string[];
  /** Keeps the event once and says what became of it; must give up when the signal fires. */
  store: (event: StripeEvent, signal: AbortSignal) => Promise<string>;
  /** One line for each delivery. */
  log: (event: string, fields: Record<string, unknown>) => void;
  /** Milliseconds since 1970. */
  now?: () => number;
  patienceMs?: number;
};

export const LARGEST_BODY = 512 * 1024;

const BAD_METHOD = { code: "stripe.bad_method", message: "Send with POST." };
const NOT_CONFIGURED = { code: "stripe.not_configured", message: "Webhooks of Stripe are not set up here." };
const TOO_LARGE = { code: "stripe.body_too_large", message: "The body is larger than 512 KiB." };
const INCOMPLETE = { code: "stripe.body_incomplete", message: "The body ended too early." };
const NO_EVENT = { code: "stripe.event_malformed", message: "The body is not an event of Stripe." };
const REFUSED = { code: "stripe.event_refused", message: "The event cannot be taken." };
const UNAVAILABLE = {
  code: "stripe.store_unavailable",
  message: "The event could not be kept; send it again.",
};
const UNTRUSTED: Record<Exclude<Verdict, "authentic">, Problem> = {
  missing: { code: "stripe.signature_missing", message: "The header stripe-signature is missing." },
  malformed: { code: "stripe.signature_malformed", message: "The header stripe-signature cannot be read." },
  invalid: { code: "stripe.signature_invalid", message: "No signature fits this body." },
  stale: { code: "stripe.signature_stale", message: "The signature is too old or from the future." },
};

/** Takes Stripe's webhooks: 200 once the event is kept; after anything else Stripe sends it again. */
export function stripe({ secrets, store, log, now = Date.now, patienceMs = 10_000 }: Dependencies) {
  const keys = Promise.all(secrets.map(hmacKey));

  async function admit(request: Request): Promise<StripeEvent> {
    if (secrets.length === 0) throw new Refusal(503, NOT_CONFIGURED);
    const body = await readBody(request, LARGEST_BODY).catch((cause) => {
      throw new Refusal(400, INCOMPLETE, cause);
    });
    if (body === undefined) throw new Refusal(413, TOO_LARGE);
    const verdict = await judge(request.headers.get("stripe-signature"), body, await keys, now());
    if (verdict !== "authentic") throw new Refusal(400, UNTRUSTED[verdict]);
    const event = readEvent(body);
    if (event === undefined) throw new Refusal(400, NO_EVENT);
    return event;
  }

  function keep(event: StripeEvent): Promise<string> {
    return store(event, AbortSignal.timeout(patienceMs)).catch((cause) => {
      throw isDataError(cause) ? new Refusal(400, REFUSED, cause) : new Refusal(503, UNAVAILABLE, cause);
    });
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    let named: Partial<StripeEvent> = {};
    try {
      const event = await admit(request);
      named = { id: event.id, type: event.type };
      log("stripe delivery", { ...named, outcome: await keep(event) });
      return reply(200, { received: true });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("stripe delivery", { ...named, outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem);
    }
  };
}

/** Our SQL says so by SQLSTATE PT4xx. */
function isDataError(cause: unknown): boolean {
  return /^PT4\d\d$/.test(textOf(cause, "code") ?? "");
}
