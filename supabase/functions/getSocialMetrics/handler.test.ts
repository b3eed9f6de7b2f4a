import { deepEqual } from "node:assert/strict";
import { getSocialMetrics } from "./handler.ts";

const log = () => {};

function post(body: unknown): Request {
  return new Request("http://127.0.0.1/", { method: "POST", body: JSON.stringify(body) });
}

Deno.test("asks by workspace or by username", async () => {
  const asked: unknown[] = [];
  const handle = getSocialMetrics({ log, metrics: (wish) => Promise.resolve([asked.push(wish)]) });
  const response = await handle(post({ workspace_id: "w" }));
  deepEqual([response.status, await response.json()], [200, { accounts: [1] }]);
  await handle(post({ username: "ada" }));
  deepEqual(asked, [
    { p_workspace_id: "w", p_username: undefined },
    { p_workspace_id: undefined, p_username: "ada" },
  ]);
});
