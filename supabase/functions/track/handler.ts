import { explained } from "../_shared/causes.ts";
import { escaped, htmlPage, languageOf } from "../_shared/html.ts";
import { type Keys, recipientOf } from "../_shared/links.ts";
import { Refusal, refuse } from "../_shared/reply.ts";

export type Dependencies = {
  keys: () => Promise<Keys>;
  /** A mail was opened, or a link in it followed; false when the mail is not known any more. */
  note: (recipient: string, isClick: boolean, signal: AbortSignal) => Promise<boolean>;
  /** One line for each request. */
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

const BAD_METHOD = { code: "track.bad_method", message: "Follow the link with GET." };
const LINK_INVALID = { code: "track.link_invalid", message: "This link is not one of ours, or not whole." };
const UNAVAILABLE = {
  code: "track.unavailable",
  message: "The link cannot be followed now; try again later.",
};

const WORDS = {
  en: {
    title: "A link of an older mail",
    ask: "The mail that led you here is not known any more. Its link goes to:",
  },
  fr: {
    title: "Un lien d'un ancien message",
    ask: "Le message qui vous a conduit ici n'est plus connu. Son lien mène à :",
  },
};

/** A transparent GIF of one pixel. */
const PIXEL = Uint8Array.from(
  atob("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"),
  (char) => char.charCodeAt(0),
);

/**
 * Openings (a pixel) and clicks (a redirect) of a campaign's mails. Leads only where our own signature says, and
 * leads there even when it could not be noted; where a mail that is not known any more leads is only shown, so that
 * the links of a workspace do not go on after it. Neither network address nor program of the reader is kept.
 */
export function track({ keys, note, log, patienceMs = 3000 }: Dependencies) {
  async function admit(url: URL, target: string | undefined): Promise<string> {
    const known = await keys().catch((cause) => {
      throw new Refusal(503, UNAVAILABLE, cause);
    });
    const act = target === undefined ? "open" : "click";
    const recipient = await recipientOf(url.searchParams, act, known, target);
    if (recipient === undefined || !/^https?:\/\//.test(target ?? "https://")) {
      throw new Refusal(404, LINK_INVALID);
    }
    return recipient;
  }

  /** False when the database says that there is no such mail, not when it says nothing. */
  async function noted(recipient: string, isClick: boolean): Promise<boolean> {
    const act = isClick ? "click" : "open";
    try {
      const isKnown = await note(recipient, isClick, AbortSignal.timeout(patienceMs));
      log("track", { outcome: isKnown ? act : `${act} of an unknown mail` });
      return isKnown;
    } catch (cause) {
      log("track", { outcome: `${act} not noted`, ...explained(cause) });
      return true;
    }
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "GET") return refuse(405, BAD_METHOD, { allow: "GET" });
    const url = new URL(request.url);
    const target = url.searchParams.get("u") ?? undefined;
    try {
      const recipient = await admit(url, target);
      const isKnown = await noted(recipient, target !== undefined);
      if (target === undefined) return picture();
      return isKnown ? redirect(target) : crossing(request.headers.get("accept-language"), target);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("track", { outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem);
    }
  };
}

function picture(): Response {
  return new Response(PIXEL, { headers: { "content-type": "image/gif", "cache-control": "no-store" } });
}

function redirect(target: string): Response {
  const headers = { location: target, "cache-control": "no-store", "referrer-policy": "no-referrer" };
  return new Response(null, { status: 302, headers });
}

function crossing(accepted: string | null, target: string): Response {
  const language = languageOf(accepted);
  const { title, ask } = WORDS[language];
  const link = `<a rel="noreferrer nofollow" href="${escaped(target)}">${escaped(target)}</a>`;
  return htmlPage(language, title, `<p>${ask}</p><p>${link}</p>`);
}
