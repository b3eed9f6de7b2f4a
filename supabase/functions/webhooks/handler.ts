import { refuse } from "../_shared/reply.ts";

export type Serve = (request: Request) => Response | Promise<Response>;

const UNKNOWN = { code: "webhooks.unknown", message: "Nobody is behind this address." };

/** Hands /webhooks/<name> to that function's own handler. */
export function webhooks(doors: Record<string, Serve>): Serve {
  return (request) => {
    const [, name = ""] = /^\/webhooks\/([^/]+)\/?$/.exec(new URL(request.url).pathname) ?? [];
    const serve = Object.hasOwn(doors, name) ? doors[name] : undefined;
    return serve === undefined ? refuse(404, UNKNOWN) : serve(request);
  };
}
