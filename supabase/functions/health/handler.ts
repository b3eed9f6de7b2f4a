import { refuse, reply } from "../_shared/reply.ts";

export type Dependencies = {
  version: string;
  /** Resolves when the database answered; must give up when the signal fires. */
  ping: (signal: AbortSignal) => Promise<void>;
  /** Where the cause of a fault goes. */
  log: (event: string, cause: unknown) => void;
  patienceMs?: number;
};

/** Says 200 with the version while the database answers, and 503 when it does not. */
export function health({ version, ping, log, patienceMs = 3000 }: Dependencies) {
  return async (request: Request): Promise<Response> => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse(
        405,
        { code: "health.bad_method", message: "Ask with GET or HEAD." },
        { allow: "GET, HEAD" },
      );
    }
    const started = performance.now();
    try {
      await ping(AbortSignal.timeout(patienceMs));
    } catch (cause) {
      log("database does not answer", cause);
      return refuse(503, { code: "health.database_down", message: "The database does not answer." });
    }
    const database_ms = Math.round(performance.now() - started);
    return reply(200, { status: "ok", version, database_ms });
  };
}
