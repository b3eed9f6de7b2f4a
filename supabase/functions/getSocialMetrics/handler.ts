import { type Door, door } from "../_shared/door.ts";

export type Dependencies = Pick<Door, "log"> & {
  /** Accounts of a workspace, or the public ones of a username, with their latest figures. */
  metrics: (wish: { p_workspace_id?: string; p_username?: string }, signal: AbortSignal) => Promise<unknown>;
};

/** Figures of a workspace (for its members) or of a username (for everybody). */
export function getSocialMetrics({ metrics, log }: Dependencies) {
  return door({
    log,
    fields: { workspace_id: false, username: false },
    ask: async ({ workspace_id, username }, signal) => {
      const wish = { p_workspace_id: workspace_id as string, p_username: username as string };
      return { status: 200, body: { accounts: await metrics(wish, signal) } };
    },
  });
}
