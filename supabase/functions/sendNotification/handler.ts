import { type Door, door } from "../_shared/door.ts";

export type Notice = {
  p_workspace_id: string;
  p_user_id: string;
  p_kind: string;
  p_text?: string;
  p_idempotency_key?: string;
};

export type Dependencies = Pick<Door, "log"> & {
  /** Puts a notification into the outbox; its id. */
  notify: (notice: Notice, signal: AbortSignal) => Promise<unknown>;
};

/** A manager tells a member something: 202, a worker sends it. */
export function sendNotification({ notify, log }: Dependencies) {
  return door({
    log,
    fields: { workspace_id: true, user_id: true, kind: true, text: false, idempotency_key: false },
    ask: async ({ workspace_id, user_id, kind, text, idempotency_key }, signal) => {
      const notification_id = await notify({
        p_workspace_id: workspace_id as string,
        p_user_id: user_id as string,
        p_kind: kind as string,
        p_text: text as string,
        p_idempotency_key: idempotency_key as string,
      }, signal);
      return { status: 202, body: { notification_id } };
    },
  });
}
