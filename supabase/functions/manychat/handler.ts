import { readBody } from "../_shared/body.ts";
import { explained, textOf } from "../_shared/causes.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";
import { type Inbound, readInbound } from "./inbound.ts";

/** What became of a message, and what to say to the person at once; no text: nothing. */
export type Received = { outcome: string; text: string | null };

export type Dependencies = {
  /** Checks the secret and keeps the message once; must give up when the signal fires. */
  receive: (channel: string, secret: string, message: Inbound, signal: AbortSignal) => Promise<Received>;
  /** One line for each message. */
  log: (event: string, fields: Record<string, unknown>) => void;
  patienceMs?: number;
};

export const LARGEST_BODY = 64 * 1024;

const BAD_METHOD = { code: "channel.bad_method", message: "Send with POST." };
const TOO_LARGE = { code: "channel.body_too_large", message: "The body is larger than 64 KiB." };
const INCOMPLETE = { code: "channel.body_incomplete", message: "The body ended too early." };
const UNAUTHORISED = {
  code: "channel.unauthorised",
  message: "There is no such channel, or the secret is not its.",
};
const DISABLED = { code: "channel.disabled", message: "This channel is switched off." };
const NO_MESSAGE = {
  code: "channel.bad_message",
  message: "The body is no JSON object that names a subscriber (id).",
};
const TOO_MANY = { code: "channel.too_many", message: "Too many messages came; send it again in a minute." };
const UNAVAILABLE = {
  code: "channel.store_unavailable",
  message: "The message could not be kept; send it again.",
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Takes what ManyChat's flows send (External Request, Dynamic Block) and answers in its version 2 at once. */
export function manychat({ receive, log, patienceMs = 8_000 }: Dependencies) {
  async function admit(request: Request): Promise<[string, string, Inbound]> {
    const channel = new URL(request.url).searchParams.get("channel") ?? "";
    const secret = request.headers.get("x-lamina-secret") ?? "";
    if (!UUID.test(channel) || secret === "") {
      await request.body?.cancel();
      throw new Refusal(401, UNAUTHORISED);
    }
    const body = await readBody(request, LARGEST_BODY).catch((cause) => {
      throw new Refusal(400, INCOMPLETE, cause);
    });
    if (body === undefined) throw new Refusal(413, TOO_LARGE);
    const message = readInbound(body);
    if (message === undefined) throw new Refusal(400, NO_MESSAGE);
    return [channel, secret, message];
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    let channel: string | undefined;
    try {
      const admitted = await admit(request);
      channel = admitted[0];
      const { outcome, text } = await receive(...admitted, AbortSignal.timeout(patienceMs)).catch(refused);
      log("manychat message", { channel, outcome });
      return reply(200, block(text));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("manychat message", { channel, outcome: refusal.problem.code, ...explained(refusal.cause) });
      return refuse(refusal.status, refusal.problem, refusal.status === 429 ? { "retry-after": "60" } : {});
    }
  };
}

/** Content of ManyChat's version 2: https://manychat.github.io/dynamic_block_docs/channels/ */
function block(text: string | null) {
  const messages = text === null ? [] : [{ type: "text", text }];
  return { version: "v2", content: { type: "whatsapp", messages } };
}

const REFUSALS: Record<string, [number, Problem]> = {
  PT400: [400, NO_MESSAGE],
  PT401: [401, UNAUTHORISED],
  PT403: [403, DISABLED],
  PT429: [429, TOO_MANY],
};

function refused(cause: unknown): never {
  const [status, problem] = REFUSALS[textOf(cause, "code") ?? ""] ?? [503, UNAVAILABLE];
  throw new Refusal(status, problem, cause);
}
