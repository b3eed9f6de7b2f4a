import { deepEqual } from "node:assert/strict";
import { aiDesignAssistant, type Dependencies } from "./handler.ts";

function setUp(changes: Partial<Dependencies> = {}) {
  const asked: unknown[] = [];
  const handle = aiDesignAssistant({
    start: (wish) => Promise.resolve({ id: `t${asked.push(wish)}` }),
    startForPage: (wish) => Promise.resolve({ id: `s${asked.push(wish)}` }),
    read: (id) => Promise.resolve(id === "t1" ? { id } : null),
    log: () => {},
    ...changes,
  });
  const post = async (body: unknown) => {
    const request = new Request("http://127.0.0.1/", { method: "POST", body: JSON.stringify(body) });
    const response = await handle(request);
    const said = await response.json();
    return [response.status, said.code ?? said.task];
  };
  return { post, asked };
}

Deno.test("starts a design, always of that kind", async () => {
  const { post, asked } = setUp();
  const input = { instructions: "A page." };
  deepEqual(await post({ workspace_id: "w", input, idempotency_key: "k" }), [202, { id: "t1" }]);
  deepEqual(asked, [{
    p_workspace_id: "w",
    p_kind: "design_assistant",
    p_input: input,
    p_model: undefined,
    p_idempotency_key: "k",
  }]);
  deepEqual(await post({ workspace_id: "w", input, kind: "draft" }), [400, "function.bad_body"]);
});

Deno.test("starts a design for a page of a site", async () => {
  const { post, asked } = setUp();
  const input = { instructions: "A page." };
  deepEqual(await post({ site_id: "s", page: "/bread", input }), [202, { id: "s1" }]);
  deepEqual(asked, [{
    p_site_id: "s",
    p_page: "/bread",
    p_input: input,
    p_model: undefined,
    p_idempotency_key: undefined,
  }]);
});

Deno.test("reads a design", async () => {
  const { post, asked } = setUp();
  deepEqual(await post({ task_id: "t1" }), [200, { id: "t1" }]);
  deepEqual(await post({ task_id: "t2" }), [404, "task.not_found"]);
  deepEqual(asked, []);
});

Deno.test("needs to know what to do", async () => {
  const { post } = setUp();
  const bodies = [
    {},
    { workspace_id: "w" },
    { input: {} },
    { workspace_id: 1, input: {} },
    { site_id: "s" },
    { site_id: 1, input: {} },
    { site_id: "s", workspace_id: "w", input: {} },
    { workspace_id: "w", page: "/", input: {} },
  ];
  for (const body of bodies) {
    deepEqual(await post(body), [400, "function.bad_body"]);
  }
});
