import { readBody } from "../_shared/body.ts";
import { explained, textOf } from "../_shared/causes.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";

export type Dependencies = {
  /** Checks the signature and keeps the event once; must give up when the signal fires. */
  receive: (connection: string, signature: string, body: string, signal: AbortSignal) => Promise<string>;
  /** One line for each event. */
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

export const LARGEST_BODY = 64 * 1024;

const BAD_METHOD = { code: "inbound.bad_method", message: "Send with POST." };
const TOO_LARGE = { code: "inbound.body_too_large", message: "The body is larger than 64 KiB." };
const INCOMPLETE = { code: "inbound.body_incomplete", message: "The body ended too early." };
const UNAUTHORISED = {
  code: "inbound.unauthorised",
  message: "There is no such connection, or the signature is not its.",
};
const STALE = {
  code: "inbound.stale",
  message: "The signature is more than five minutes old, or from the future.",
};
const DISABLED = { code: "inbound.disabled", message: "This connection is switched off." };
const NO_EVENT = { code: "inbound.bad_event", message: "An event is a JSON object in UTF-8." };
const TOO_FAST = { code: "inbound.too_fast", message: "A connection takes 50 events a second." };
const TOO_MUCH = { code: "inbound.too_much", message: "A workspace takes 64 MiB of events a day." };
const UNAVAILABLE = {
  code: "inbound.store_unavailable",
  message: "The event could not be kept; send it again.",
};

const REFUSALS: Record<string, [number, Problem]> = {
  [UNAUTHORISED.code]: [401, UNAUTHORISED],
  [STALE.code]: [401, STALE],
  [DISABLED.code]: [403, DISABLED],
  [NO_EVENT.code]: [400, NO_EVENT],
  [TOO_FAST.code]: [429, TOO_FAST],
  [TOO_MUCH.code]: [429, TOO_MUCH],
  [TOO_LARGE.code]: [413, TOO_LARGE],
};

/** Seconds after which another try may go better, by code. */
const WAITS: Record<string, string> = { [TOO_FAST.code]: "1", [TOO_MUCH.code]: "3600" };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Takes signed events of other systems: POST ?connection=<id> with `Lamina-Signature: t=<unix seconds>,v1=<hex>`,
 * an HMAC-SHA256 of `<t>.<body>` with the connection's secret, which the database checks: it leaves it nowhere.
 */
export function inbound({ receive, log, patienceMs = 8_000 }: Dependencies) {
  async function admit(request: Request): Promise<[string, string, string]> {
    const connection = new URL(request.url).searchParams.get("connection") ?? "";
    const signature = request.headers.get("lamina-signature") ?? "";
    if (!UUID.test(connection) || signature === "") {
      await request.body?.cancel();
      throw new Refusal(401, UNAUTHORISED);
    }
    const body = await readBody(request, LARGEST_BODY).catch((cause) => {
      throw new Refusal(400, INCOMPLETE, cause);
    });
    if (body === undefined) throw new Refusal(413, TOO_LARGE);
    return [connection, signature, textIn(body)];
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    let connection: string | undefined;
    try {
      const admitted = await admit(request);
      connection = admitted[0];
      const outcome = await receive(...admitted, AbortSignal.timeout(patienceMs)).catch(refused);
      log("inbound event", { connection, outcome });
      return reply(202, { outcome });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("inbound event", { connection, outcome: refusal.problem.code, ...explained(refusal.cause) });
      const wait = WAITS[refusal.problem.code];
      return refuse(refusal.status, refusal.problem, wait === undefined ? {} : { "retry-after": wait });
    }
  };
}

/** The very characters that were signed. What is no UTF-8, or holds a NUL, is no JSON. */
function textIn(body: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    if (text.includes("\0")) throw new TypeError("NUL");
    return text;
  } catch (cause) {
    throw new Refusal(400, NO_EVENT, cause);
  }
}

function refused(cause: unknown): never {
  const [status, problem] = REFUSALS[textOf(cause, "details") ?? ""] ?? [503, UNAVAILABLE];
  throw new Refusal(status, problem, cause);
}
