import { deepEqual } from "node:assert/strict";
import { sendNotification } from "./handler.ts";

Deno.test("passes a notice on and tells its id", async () => {
  const asked: unknown[] = [];
  const handle = sendNotification({
    log: () => {},
    notify: (notice) => Promise.resolve(`n${asked.push(notice)}`),
  });
  const post = (body: unknown) =>
    handle(new Request("http://127.0.0.1/", { method: "POST", body: JSON.stringify(body) }));
  const whole = { workspace_id: "w", user_id: "u", kind: "message", text: "Come.", idempotency_key: "k" };
  const response = await post(whole);
  deepEqual([response.status, await response.json()], [202, { notification_id: "n1" }]);
  deepEqual(asked, [{
    p_workspace_id: "w",
    p_user_id: "u",
    p_kind: "message",
    p_text: "Come.",
    p_idempotency_key: "k",
  }]);
  const { kind: _, ...partial } = whole;
  deepEqual((await (await post(partial)).json()).code, "function.bad_body");
});
