import { readBody } from "../_shared/body.ts";
import { type Problem, Refusal, refuse, reply } from "../_shared/reply.ts";
import { MintError, type Token } from "./openai.ts";

export type Dependencies = {
  /** Mints a token; undefined where no provider is configured. Rejects with MintError. */
  mint: ((seconds: number, signal: AbortSignal) => Promise<Token>) | undefined;
  /** Holds the seconds as the caller and gives the session's id; rejects as PostgREST says. */
  start: (workspaceId: string, seconds: number, signal: AbortSignal) => Promise<string>;
  /** The seconds were used, or not. */
  settle: (sessionId: string, isMinted: boolean) => Promise<void>;
  log: (event: string, fields: Record<string, unknown>) => void;
  /** What a token costs: the longest call that the plan pays for with it. */
  sessionSeconds: number;
  patienceMs?: number;
};

/** How long a token opens calls; start_realtime_session gives a person no other meanwhile. */
export const TOKEN_SECONDS = 60;
export const LARGEST_BODY = 4096;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const BAD_METHOD = { code: "realtime.bad_method", message: "Ask with POST." };
const BAD_REQUEST = {
  code: "realtime.bad_request",
  message: "Send a JSON object with workspace_id, a uuid.",
};
const NOT_CONFIGURED = { code: "speech.not_configured", message: "No speech provider is configured here." };
const UNAVAILABLE = {
  code: "realtime.unavailable",
  message: "Realtime voice does not answer; try again later.",
};
const REFUSED = { code: "realtime.refused", message: "The speech provider refuses to give a token." };

/** Gives a signed-in member a short-lived key to talk with the provider from the browser. */
export function realtimeToken(
  { mint, start, settle, log, sessionSeconds, patienceMs = 10_000 }: Dependencies,
) {
  async function workspaceOf(request: Request): Promise<string> {
    const bytes = await readBody(request, LARGEST_BODY).catch(() => undefined);
    try {
      const id: unknown = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array())).workspace_id;
      if (typeof id === "string" && ID.test(id)) return id;
    } catch {
      // said below
    }
    throw new Refusal(400, BAD_REQUEST);
  }

  function hold(workspaceId: string): Promise<string> {
    return start(workspaceId, sessionSeconds, AbortSignal.timeout(patienceMs)).catch((cause) => {
      throw refusalOf(cause);
    });
  }

  async function settled(sessionId: string, isMinted: boolean): Promise<void> {
    await settle(sessionId, isMinted).catch((cause) =>
      log("realtime settle failed", { cause: String(cause) })
    );
  }

  return async (request: Request): Promise<Response> => {
    if (request.method !== "POST") return refuse(405, BAD_METHOD, { allow: "POST" });
    try {
      if (mint === undefined) throw new Refusal(503, NOT_CONFIGURED);
      const sessionId = await hold(await workspaceOf(request));
      try {
        const token = await mint(TOKEN_SECONDS, AbortSignal.timeout(patienceMs));
        await settled(sessionId, true);
        return reply(200, { ...token, seconds: sessionSeconds });
      } catch (cause) {
        await settled(sessionId, false);
        const isRefused = cause instanceof MintError && !cause.passing;
        throw isRefused ? new Refusal(502, REFUSED, cause.cause) : new Refusal(503, UNAVAILABLE, cause);
      }
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      log("realtime token", { outcome: refusal.problem.code, cause: causeOf(refusal.cause) });
      return refuse(refusal.status, refusal.problem);
    }
  };
}

/** REALTIME_SESSION_SECONDS; throws where it is no number of seconds that start_realtime_session takes. */
export function sessionSecondsOf(setting: string | undefined): number {
  const seconds = Number(setting || 600);
  if (Number.isInteger(seconds) && seconds >= 60 && seconds <= 3600) return seconds;
  throw new Error("REALTIME_SESSION_SECONDS is a whole number from 60 to 3600");
}

/** Our SQL says the status in the SQLSTATE (PT402), the stable code in `details` and a sentence for people. */
function refusalOf(cause: unknown): Refusal {
  const { code, details, message } = (cause ?? {}) as Record<string, unknown>;
  const status = /^PT(4\d\d)$/.exec(String(code))?.[1];
  if (status === undefined) return new Refusal(503, UNAVAILABLE, cause);
  return new Refusal(Number(status), { code: String(details), message: String(message) } satisfies Problem);
}

function causeOf(cause: unknown): string | undefined {
  if (cause === undefined) return undefined;
  const { message, cause: inner } = (cause ?? {}) as Record<string, unknown>;
  return String(inner ?? message ?? cause).slice(0, 200);
}
