import { deepEqual, equal, rejects } from "node:assert/strict";
import { mint, MintError } from "./openai.ts";

type Asked = { path: string; key: string | null; body: unknown };

/** Mints at a server on this machine that answers so. */
async function minted(answer: () => Response, asked: Asked[] = []) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const key = request.headers.get("authorization");
    asked.push({ path: new URL(request.url).pathname, key, body: await request.json() });
    return answer();
  });
  try {
    const baseUrl = `http://127.0.0.1:${server.addr.port}/v1/`;
    return await mint({ key: "sk-1", baseUrl, model: "m-1", voice: "alloy" }, 60, AbortSignal.timeout(5000));
  } finally {
    await server.shutdown();
  }
}

Deno.test("asks for a client secret of a minute", async () => {
  const asked: Asked[] = [];
  const token = await minted(() => Response.json({ value: "ek_1", expires_at: 1_800_000_060 }), asked);
  deepEqual([token.token, token.expires_at, token.model], ["ek_1", 1_800_000_060, "m-1"]);
  equal(new URL(token.url).pathname, "/v1/realtime/calls");
  equal(asked.length, 1);
  deepEqual([asked[0]?.path, asked[0]?.key], ["/v1/realtime/client_secrets", "Bearer sk-1"]);
  const { session, expires_after } = asked[0]?.body as Record<string, Record<string, unknown>>;
  deepEqual(expires_after, { anchor: "created_at", seconds: 60 });
  deepEqual([session?.type, session?.model, session?.audio], ["realtime", "m-1", {
    output: { voice: "alloy" },
  }]);
});

const FAULTS: [string, () => Response, boolean][] = [
  ["a wrong key", () => Response.json({ error: {} }, { status: 401 }), false],
  ["an unknown model", () => Response.json({ error: {} }, { status: 404 }), false],
  ["too many requests", () => Response.json({ error: {} }, { status: 429 }), true],
  ["a fault", () => new Response("oops", { status: 500 }), true],
  ["no JSON", () => new Response("hello"), true],
  ["null", () => Response.json(null), true],
  ["an error in a 200", () => Response.json({ error: { message: "no" } }), true],
  ["an empty token", () => Response.json({ value: "", expires_at: 1 }), true],
  ["no time", () => Response.json({ value: "ek_1" }), true],
];
for (const [name, reply, passing] of FAULTS) {
  Deno.test(`${name} is no token`, async () => {
    await rejects(minted(reply), (error) => error instanceof MintError && error.passing === passing);
  });
}

Deno.test("nobody there is no token", async () => {
  const openai = { key: "k", baseUrl: "http://127.0.0.1:9", model: "m", voice: "v" };
  await rejects(
    mint(openai, 60, AbortSignal.timeout(5000)),
    (error) => error instanceof MintError && error.passing,
  );
});
