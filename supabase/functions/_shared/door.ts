import { readBody } from "./body.ts";
import { explained, textOf } from "./causes.ts";
import type { Json } from "./database.types.ts";
import { readJson } from "./json.ts";
import { Refusal, refuse, reply } from "./reply.ts";

/** What a caller sent: only fields the door knows. */
export type Wish = Record<string, Json | undefined>;

export type Answer = { status: number; body: unknown };

export type Door = {
  /** Fields a body may have; true for those it must have. */
  fields: Record<string, boolean>;
  /** Asks the database as the caller; rejects as PostgREST says. */
  ask: (wish: Wish, signal: AbortSignal) => Promise<Answer>;
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

export const LARGEST_BODY = 128 * 1024;

const BAD_METHOD = { code: "function.bad_method", message: "Ask with POST." };
const UNAVAILABLE = {
  code: "function.unavailable",
  message: "The database does not answer; try again later.",
};
const BAD_VALUE = { code: "function.bad_body", message: "A field of the body has the wrong form." };

/** A thin door: a JSON object in, an RPC asked with the caller's own rights, its answer or refusal out. */
export function door({ fields, ask, log, patienceMs = 10_000 }: Door) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    try {
      const { status, body } = await ask(await wishOf(request, fields), AbortSignal.timeout(patienceMs));
      return reply(status, body);
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : refusalOf(cause);
      log("door", { outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem);
    }
  };
}

/** The body's fields. Throws a Refusal that names what is wrong. */
async function wishOf(request: Request, fields: Record<string, boolean>): Promise<Wish> {
  const bytes = await readBody(request, LARGEST_BODY).catch(() => undefined);
  const body = bytes && readJson(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badBody("Send a JSON object of at most 128 KiB.");
  }
  const unknown = Object.keys(body).find((name) => !Object.hasOwn(fields, name));
  if (unknown !== undefined) throw badBody(`There is no field ${unknown.slice(0, 50)} here.`);
  const missing = Object.keys(fields).find((name) => fields[name] && (body[name] ?? null) === null);
  if (missing !== undefined) throw badBody(`The field ${missing} is missing.`);
  return body;
}

export function badBody(message: string): Refusal {
  return new Refusal(400, { code: "function.bad_body", message });
}

/**
 * Our SQL says the status in the SQLSTATE (PT402), the stable code in `details` and a sentence for people;
 * class 22 is Postgres' word for a value it cannot read.
 */
function refusalOf(cause: unknown): Refusal {
  const state = textOf(cause, "code") ?? "";
  const status = /^PT(4\d\d)$/.exec(state)?.[1];
  if (status !== undefined) {
    const problem = { code: String(textOf(cause, "details")), message: String(textOf(cause, "message")) };
    return new Refusal(Number(status), problem);
  }
  return /^22/.test(state) ? new Refusal(400, BAD_VALUE, cause) : new Refusal(503, UNAVAILABLE, cause);
}
