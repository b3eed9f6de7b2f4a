// Serves every function of a folder under /functions/v1/<name>, as Supabase's edge runtime does: the same
// addresses inside the function, the same codes when one is missing, does not start or throws.
//
//   deno run --watch=<folder> functions_server.ts <folder> <port>
import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";

type Serve = (request: Request) => Response | Promise<Response>;
type Key = { kid: string; k: string };

const PREFIX = "/functions/v1/";
const [folder, port] = Deno.args;
if (folder === undefined || port === undefined) throw new Error("usage: functions_server.ts <folder> <port>");

const loaded = new Map<string, Promise<Serve>>();

async function load(name: string): Promise<Serve> {
  const module = await import(new URL(`${name}/index.ts`, `file://${folder}/`).href);
  const serve = module.default?.fetch;
  if (typeof serve !== "function") throw new TypeError(`${name}/index.ts has no default export with fetch`);
  return serve;
}

async function exists(name: string): Promise<boolean> {
  if (!/^[A-Za-z][A-Za-z0-9_-]*$/.test(name)) return false;
  return await Deno.stat(`${folder}/${name}/index.ts`).then((file) => file.isFile, () => false);
}

function refuse(status: number, code: string, message: string): Response {
  const headers = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "sb-error-code",
    "sb-error-code": code,
  };
  return Response.json({ code, message }, { status, headers });
}

async function answer(request: Request): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.startsWith(PREFIX) ? url.pathname.slice(PREFIX.length) : "";
  const name = path.split("/", 1)[0] ?? "";
  if (!(await exists(name))) {
    return refuse(404, "NOT_FOUND", `There is no function "${name}" in supabase/functions.`);
  }
  const start = loaded.get(name) ?? load(name);
  loaded.set(name, start);
  try {
    await start;
  } catch (cause) {
    console.error(`${name} does not start:`, cause);
    return refuse(503, "BOOT_ERROR", "The function does not start; see `lamina logs functions`.");
  }
  try {
    url.pathname = `/${path}`;
    return await (await start)(asFromOutside(new Request(url, request)));
  } catch (cause) {
    console.error(`${name} failed:`, cause);
    return refuse(500, "WORKER_ERROR", "The function failed; see `lamina logs functions`.");
  }
}

/** Local sessions have no key id, which @supabase/server asks for: a valid one is signed again with it. */
function asFromOutside(request: Request): Request {
  const token = /^Bearer ([\w-]+)\.([\w-]+)\.([\w-]+)$/i.exec(request.headers.get("authorization") ?? "");
  const key = symmetricKey();
  if (token === null || key === undefined) return request;
  const [, header, payload, signature] = token as unknown as [string, string, string, string];
  if (!sameText(sign(`${header}.${payload}`, key), signature)) return request;
  const known = btoa(JSON.stringify({ alg: "HS256", kid: key.kid, typ: "JWT" })).replace(/=+$/, "");
  request.headers.set("authorization", `Bearer ${known}.${payload}.${sign(`${known}.${payload}`, key)}`);
  return request;
}

function symmetricKey(): Key | undefined {
  const { keys = [] } = JSON.parse(Deno.env.get("SUPABASE_JWKS") ?? "{}");
  return keys.find((key: { kty: string }) => key.kty === "oct");
}

function sign(text: string, key: Key): string {
  return createHmac("sha256", Buffer.from(key.k, "base64url")).update(text).digest("base64url");
}

function sameText(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

// What one function forgot to await or to catch must not end the others.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("a function left a rejected promise behind:", event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  console.error("a function threw outside of a request:", event.error);
});

Deno.serve({ hostname: "127.0.0.1", port: Number(port) }, answer);
