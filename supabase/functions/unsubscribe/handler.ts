import { explained, textOf } from "../_shared/causes.ts";
import { type Keys, recipientOf } from "../_shared/links.ts";
import { Refusal, refuse, reply } from "../_shared/reply.ts";
import { page } from "./page.ts";

export type Dependencies = {
  /** A page of the frontend that stands for ours; empty: ours. */
  page: string;
  keys: () => Promise<Keys>;
  /** No more campaigns to this recipient; false when that could not be done: the mail is not known any more. */
  leave: (recipient: string, signal: AbortSignal) => Promise<boolean>;
  /** One line for each request. */
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

const BAD_METHOD = { code: "unsubscribe.bad_method", message: "Open the link, or send it with POST." };
const LINK_INVALID = {
  code: "unsubscribe.link_invalid",
  message: "This link is not one of ours, or not whole.",
};
const UNKNOWN = {
  code: "unsubscribe.mail_unknown",
  message: "This mail is not known any more; nothing was changed.",
};
const UNAVAILABLE = { code: "unsubscribe.unavailable", message: "This cannot be done now; try again later." };
const ANYONE = { "access-control-allow-origin": "*", "access-control-allow-methods": "GET, POST" };

/**
 * The link below a campaign's mails: GET shows a page and changes nothing, since programs follow links too; POST
 * acts, by the page's button, a mail program (RFC 8058: one click, no redirect, no cookie) or a frontend's page.
 */
export function unsubscribe({ page: ownPage, keys, leave, log, patienceMs = 10_000 }: Dependencies) {
  async function admit(url: URL): Promise<string> {
    const known = await keys().catch((cause) => {
      throw new Refusal(503, UNAVAILABLE, cause);
    });
    const recipient = await recipientOf(url.searchParams, "unsubscribe", known);
    if (recipient === undefined) throw new Refusal(404, LINK_INVALID);
    return recipient;
  }

  async function act(request: Request, recipient: string): Promise<Response> {
    const patience = AbortSignal.timeout(patienceMs);
    const hasLeft = await twice(() => leave(recipient, patience)).catch((cause) => {
      throw new Refusal(503, UNAVAILABLE, cause);
    });
    log("unsubscribe", { outcome: hasLeft ? "unsubscribed" : "unknown" });
    if (!request.headers.get("accept")?.includes("application/json")) {
      return page(request.headers.get("accept-language"), hasLeft ? "done" : "unknown");
    }
    return hasLeft ? reply(200, { unsubscribed: true }, ANYONE) : refuse(410, UNKNOWN, ANYONE);
  }

  return async (request: Request): Promise<Response> => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: ANYONE });
    if (request.method !== "GET" && request.method !== "POST") {
      return refuse(405, BAD_METHOD, { allow: "GET, POST" });
    }
    await request.body?.cancel();
    const url = new URL(request.url);
    try {
      const recipient = await admit(url);
      if (request.method === "POST") return await act(request, recipient);
      if (ownPage === "") return page(request.headers.get("accept-language"), "asked");
      return new Response(null, { status: 303, headers: { location: ownPage + url.search } });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("unsubscribe", { outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem, ANYONE);
    }
  };
}

/** Again when the database ended it for a deadlock with somebody else, who has gone on meanwhile. */
function twice<T>(act: () => Promise<T>): Promise<T> {
  return act().catch((cause) => {
    if (textOf(cause, "code") !== "40P01") throw cause;
    return act();
  });
}
