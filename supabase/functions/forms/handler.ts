import { explained, textOf } from "../_shared/causes.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";
import { type Fields, fieldsOf, TRAP } from "./fields.ts";
import { page } from "./page.ts";

export type Dependencies = {
  /** Keeps what was typed, from a network address ("": not known); where a browser is led then, if anywhere. */
  submit: (form: string, fields: Fields, address: string, signal: AbortSignal) => Promise<string | null>;
  /** Grants consent; false when the link is not good any more. */
  confirm: (token: string, signal: AbortSignal) => Promise<boolean>;
  /** One line for each request. */
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

const BAD_METHOD = { code: "form.bad_method", message: "Send a form with POST." };
const NOT_FOUND = { code: "form.not_found", message: "There is no such form." };
const LINK_INVALID = { code: "form.link_invalid", message: "This link is not one of ours, or not whole." };
const LINK_OVER = { code: "form.link_over", message: "This link is not good any more; nothing was changed." };
const UNAVAILABLE = { code: "form.unavailable", message: "This cannot be kept now; try again later." };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TOKEN = /^lmf_[0-9a-f]{64}$/;
const ANYONE = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, POST",
  "access-control-allow-headers": "accept, apikey, authorization, content-type",
};

/**
 * Forms of pages anywhere: POST /forms/<id> with what somebody typed. GET /forms/confirm?token=… is the link of the
 * mail that asks for consent: it shows a button and changes nothing, since programs follow links too; POST grants.
 */
export function forms({ submit, confirm, log, patienceMs = 10_000 }: Dependencies) {
  async function take(request: Request, form: string): Promise<Response> {
    if (request.method !== "POST") throw new Refusal(405, BAD_METHOD);
    if (!UUID.test(form)) throw new Refusal(404, NOT_FOUND);
    const { [TRAP]: trapped, ...fields } = await fieldsOf(request);
    fields.language ??= (request.headers.get("accept-language") ?? "").slice(0, 20);
    const next = trapped === undefined
      ? await submit(form, fields, sourceOf(request.headers), AbortSignal.timeout(patienceMs)).catch(refused)
      : null;
    log("form", { form, outcome: trapped === undefined ? "taken" : "trapped" });
    if (!wantsPage(request)) return reply(200, { accepted: true, thank_you_url: next }, ANYONE);
    if (next === null) return page(request.headers.get("accept-language"), "sent");
    return new Response(null, { status: 303, headers: { location: next, "cache-control": "no-store" } });
  }

  async function agree(request: Request, token: string): Promise<Response> {
    if (request.method !== "GET" && request.method !== "POST") throw new Refusal(405, BAD_METHOD);
    if (!TOKEN.test(token)) throw new Refusal(404, LINK_INVALID);
    const language = request.headers.get("accept-language");
    if (request.method === "GET") return page(language, "asked");
    const isGranted = await confirm(token, AbortSignal.timeout(patienceMs)).catch(refused);
    log("form", { outcome: isGranted ? "confirmed" : LINK_OVER.code });
    if (wantsPage(request)) return page(language, isGranted ? "done" : "unknown");
    return isGranted ? reply(200, { confirmed: true }, ANYONE) : refuse(410, LINK_OVER, ANYONE);
  }

  return async (request: Request): Promise<Response> => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: ANYONE });
    const url = new URL(request.url);
    const name = /^\/forms\/([^/]+)\/?$/.exec(url.pathname)?.[1] ?? "";
    try {
      return name === "confirm"
        ? await agree(request, url.searchParams.get("token") ?? "")
        : await take(request, name);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("form", { outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem, { ...ANYONE, ...more(refusal.status) });
    } finally {
      if (!request.bodyUsed) await request.body?.cancel();
    }
  };
}

/** A browser that leaves its page for the answer, not a script. */
function wantsPage(request: Request): boolean {
  return request.headers.get("accept")?.includes("text/html") ?? false;
}

/** As the nearest proxy tells it; who forges it escapes the limit of a source, not that of the form. */
function sourceOf(headers: Headers): string {
  const told = headers.get("cf-connecting-ip") ?? headers.get("x-forwarded-for")?.split(",")[0] ?? "";
  return told.trim().slice(0, 100);
}

function more(status: number): Record<string, string> {
  if (status === 405) return { allow: "GET, POST" };
  return status === 429 ? { "retry-after": "60" } : {};
}

/** What the database says to whoever filled in the form, in its own words. */
function refused(cause: unknown): never {
  const status = /^PT(4\d\d)$/.exec(textOf(cause, "code") ?? "")?.[1];
  if (status === undefined) throw new Refusal(503, UNAVAILABLE, cause);
  const problem: Problem = { code: textOf(cause, "details") ?? "", message: textOf(cause, "message") ?? "" };
  throw new Refusal(Number(status), problem);
}
