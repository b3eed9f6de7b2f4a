import type { Json } from "../_shared/database.types.ts";
import { badBody, type Door, door } from "../_shared/door.ts";
import { Refusal } from "../_shared/reply.ts";

export type Start = {
  p_workspace_id: string;
  p_kind: string;
  p_input: Json;
  p_model?: string;
  p_idempotency_key?: string;
};

export type StartForPage = {
  p_site_id: string;
  p_input: Json;
  p_page?: string;
  p_model?: string;
  p_idempotency_key?: string;
};

export type Dependencies = Pick<Door, "log"> & {
  start: (wish: Start, signal: AbortSignal) => Promise<unknown>;
  /** Starts a design that apply_design can put into a page of a site. */
  startForPage: (wish: StartForPage, signal: AbortSignal) => Promise<unknown>;
  /** A design of the caller's; null when there is none. */
  read: (taskId: string, signal: AbortSignal) => Promise<unknown>;
};

const HOW =
  "Send input with site_id, and page unless it is /, or input with workspace_id to start a design, or task_id to read one.";
const NOT_FOUND = { code: "task.not_found", message: "There is no such task of yours." };

/** Starts a design, of a site's page where one is named (202: watch the task, it is done by a worker), or reads one. */
export function aiDesignAssistant({ start, startForPage, read, log }: Dependencies) {
  return door({
    log,
    fields: {
      workspace_id: false,
      site_id: false,
      page: false,
      input: false,
      model: false,
      idempotency_key: false,
      task_id: false,
    },
    ask: async ({ workspace_id, site_id, page, input, model, idempotency_key, task_id }, signal) => {
      if (typeof task_id === "string") {
        const task = await read(task_id, signal);
        if (task === null) throw new Refusal(404, NOT_FOUND);
        return { status: 200, body: { task } };
      }
      const more = {
        p_input: input as Json,
        p_model: model as string,
        p_idempotency_key: idempotency_key as string,
      };
      if (typeof site_id === "string" && workspace_id === undefined && input !== undefined) {
        const task = await startForPage({ p_site_id: site_id, p_page: page as string, ...more }, signal);
        return { status: 202, body: { task } };
      }
      if (typeof workspace_id !== "string" || input === undefined || (site_id ?? page) !== undefined) {
        throw badBody(HOW);
      }
      const task = await start(
        { p_workspace_id: workspace_id, p_kind: "design_assistant", ...more },
        signal,
      );
      return { status: 202, body: { task } };
    },
  });
}
