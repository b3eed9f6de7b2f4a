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

export type Dependencies = Pick<Door, "log"> & {
  start: (wish: Start, signal: AbortSignal) => Promise<unknown>;
  /** A design of the caller's; null when there is none. */
  read: (taskId: string, signal: AbortSignal) => Promise<unknown>;
};

const NOT_FOUND = { code: "task.not_found", message: "There is no such task of yours." };

/** Starts a design (202: watch the task, it is done by a worker), or reads one by its task_id. */
export function aiDesignAssistant({ start, read, log }: Dependencies) {
  return door({
    log,
    fields: { workspace_id: false, input: false, model: false, idempotency_key: false, task_id: false },
    ask: async ({ workspace_id, input, model, idempotency_key, task_id }, signal) => {
      if (typeof task_id === "string") {
        const task = await read(task_id, signal);
        if (task === null) throw new Refusal(404, NOT_FOUND);
        return { status: 200, body: { task } };
      }
      if (typeof workspace_id !== "string" || input === undefined) {
        throw badBody("Send workspace_id and input to start a design, or task_id to read one.");
      }
      const task = await start({
        p_workspace_id: workspace_id,
        p_kind: "design_assistant",
        p_input: input,
        p_model: model as string,
        p_idempotency_key: idempotency_key as string,
      }, signal);
      return { status: 202, body: { task } };
    },
  });
}
