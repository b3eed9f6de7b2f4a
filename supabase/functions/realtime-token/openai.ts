/** A key a browser may hold: `expires_at` in unix seconds, `url` takes the browser's WebRTC offer. */
export type Token = { token: string; expires_at: number; model: string; url: string };

export type OpenAI = { key: string; baseUrl: string; model: string; voice: string };

/** OpenAI did not give a token; `passing` when another try may help. */
export class MintError extends Error {
  constructor(readonly passing: boolean, cause: unknown) {
    super("no token", { cause });
  }
}

/** What the assistant is told unless the browser tells it something else. */
const INSTRUCTIONS = "Talk with the user in the user's language, briefly and plainly.";

/**
 * Mints a client secret that opens realtime sessions for `seconds` from now; a session may go on longer.
 * https://developers.openai.com/api/docs/guides/realtime-webrtc
 */
export async function mint(
  { key, baseUrl, model, voice }: OpenAI,
  seconds: number,
  signal: AbortSignal,
  send: typeof fetch = fetch,
): Promise<Token> {
  const address = baseUrl.replace(/\/+$/, "");
  const response = await send(`${address}/realtime/client_secrets`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({
      expires_after: { anchor: "created_at", seconds },
      session: { type: "realtime", model, instructions: INSTRUCTIONS, audio: { output: { voice } } },
    }),
    signal,
  }).catch((cause) => {
    throw new MintError(true, cause);
  });
  const body = await response.text().catch((cause) => {
    throw new MintError(true, cause);
  });
  if (!response.ok) {
    throw new MintError(response.status === 429 || response.status >= 500, `status ${response.status}`);
  }
  return { ...read(body), model, url: `${address}/realtime/calls` };
}

function read(body: string): { token: string; expires_at: number } {
  try {
    const { value, expires_at } = JSON.parse(body);
    if (typeof value === "string" && value && Number.isInteger(expires_at)) {
      return { token: value, expires_at };
    }
  } catch {
    // said below
  }
  throw new MintError(true, "the answer holds no token");
}
