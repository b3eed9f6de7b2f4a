import { deepEqual } from "node:assert/strict";
import { webhooks } from "./handler.ts";

const handle = webhooks({ stripe: (request) => Response.json({ method: request.method }) });
const at = async (path: string) => {
  const response = await handle(new Request(`http://127.0.0.1${path}`, { method: "POST" }));
  return [response.status, await response.json()];
};

Deno.test("a known name is handed on, whole", async () => {
  deepEqual(await at("/webhooks/stripe"), [200, { method: "POST" }]);
  deepEqual(await at("/webhooks/stripe/"), [200, { method: "POST" }]);
});

for (
  const path of ["/webhooks", "/webhooks/", "/webhooks/paypal", "/webhooks/stripe/more", "/webhooks/toString"]
) {
  Deno.test(`${path} is nobody's`, async () => {
    deepEqual((await at(path))[0], 404);
  });
}
