/** What went wrong, for programs (`code`, see docs/error-codes.md) and for people. */
export type Problem = { code: string; message: string };

/** An answer that is never kept by a cache. */
export function reply(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return Response.json(body, { status, headers: { "cache-control": "no-store", ...headers } });
}

/** Refuses with a code and a sentence; the cause belongs in the log, not here. */
export function refuse(status: number, problem: Problem, headers: Record<string, string> = {}): Response {
  return reply(status, problem, headers);
}

/** Thrown where a request is examined; the handler answers with `problem` and logs the cause. */
export class Refusal extends Error {
  constructor(readonly status: number, readonly problem: Problem, cause?: unknown) {
    super(problem.code, { cause });
  }
}
