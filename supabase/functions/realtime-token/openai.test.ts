import { deepEqual, equal, rejects } from "node:assert/strict";
import { mint, MintError } from "./openai.ts";

type Asked = { url: string; init: RequestInit | undefined };

const OPENAI = { key: "sk-1", baseUrl: "http://127.0.0.1/v1/", model: "m-1", voice: "alloy" };

/** Mints where the answer is this; what was sent goes into `asked`. */
function minted(answer: () => Response, asked: Asked[] = []) {
  const send = (url: string | URL | Request, init?: RequestInit) => {
    asked.push({ url: String(url), init });
    return Promise.resolve(answer());
  };
  return mint(OPENAI, 60, AbortSignal.timeout(5000), send);
}

Deno.test("asks for a client secret of a minute", async () => {
  const asked: Asked[] = [];
  const token = await minted(() => Response.json({ value: "ek_1", expires_at: 1_800_000_060 }), asked);
  deepEqual([token.token, token.expires_at, token.model], ["ek_1", 1_800_000_060, "m-1"]);
  equal(token.url, "http://127.0.0.1/v1/realtime/calls");
  deepEqual(asked.map(({ url, init }) => [url, init?.method]), [[
    "http://127.0.0.1/v1/realtime/client_secrets",
    "POST",
  ]]);
  equal(new Headers(asked[0]?.init?.headers).get("authorization"), "Bearer sk-1");
  const { session, expires_after } = JSON.parse(String(asked[0]?.init?.body));
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
  const send = () => Promise.reject(new TypeError("connection refused"));
  await rejects(
    mint(OPENAI, 60, AbortSignal.timeout(5000), send),
    (error) => error instanceof MintError && error.passing,
  );
});
