import { readBody } from "../_shared/body.ts";
import { readJson } from "../_shared/json.ts";
import { Refusal } from "../_shared/reply.ts";

/** What somebody typed: the fields that forms have, as text; `consent` may be true. */
export type Fields = Record<string, string | true>;

export const LARGEST_BODY = 16 * 1024;

/** People do not see this field, programs fill it in. */
export const TRAP = "homepage";

const KNOWN = new Set(["email", "phone", "name", "company", "language", "message", "consent", TRAP]);

const TOO_LARGE = { code: "form.body_too_large", message: "The form is larger than 16 KiB." };
const UNREADABLE = {
  code: "form.bad_body",
  message: "Send a form (application/x-www-form-urlencoded) or a JSON object, in UTF-8.",
};

/** The fields in a request; others than ours are left out. Throws a Refusal. */
export async function fieldsOf(request: Request): Promise<Fields> {
  const body = await readBody(request, LARGEST_BODY).catch((cause) => {
    throw new Refusal(400, UNREADABLE, cause);
  });
  if (body === undefined) throw new Refusal(413, TOO_LARGE);
  const type = (request.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  const given = type === "application/x-www-form-urlencoded" ? formIn(body) : objectIn(body);
  if (given === undefined) throw new Refusal(400, UNREADABLE);
  const kept = Object.entries(given).filter(([name, value]) => KNOWN.has(name) && isTyped(value));
  return Object.fromEntries(kept) as Fields;
}

function isTyped(value: unknown): boolean {
  return value === true || (typeof value === "string" && value.trim() !== "");
}

/** Postgres keeps no NUL. */
function formIn(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return Object.fromEntries(
      [...new URLSearchParams(text)].map(([name, value]) => [name, value.replaceAll("\0", "")]),
    );
  } catch {
    return undefined;
  }
}

function objectIn(body: Uint8Array): Record<string, unknown> | undefined {
  const given = readJson(body);
  return typeof given === "object" && given !== null && !Array.isArray(given) ? given : undefined;
}
