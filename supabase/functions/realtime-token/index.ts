import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { realtimeToken, sessionSecondsOf } from "./handler.ts";
import { mint, type OpenAI } from "./openai.ts";

const openai: OpenAI = {
  key: Deno.env.get("OPENAI_API_KEY") ?? "",
  baseUrl: Deno.env.get("OPENAI_BASE_URL") || "https://api.openai.com/v1",
  model: Deno.env.get("LAMINA_REALTIME_MODEL") || "gpt-realtime-2.1-mini",
  voice: Deno.env.get("LAMINA_SPEECH_VOICE") || "alloy",
};

const sessionSeconds = sessionSecondsOf(Deno.env.get("REALTIME_SESSION_SECONDS"));

export default {
  fetch: withSupabase<Database>({ auth: "user" }, (request, { supabase, supabaseAdmin }) =>
    realtimeToken({
      mint: openai.key ? (seconds, signal) => mint(openai, seconds, signal) : undefined,
      sessionSeconds,
      start: async (workspaceId, seconds, signal) => {
        const held = { p_workspace_id: workspaceId, p_seconds: seconds };
        const asked = supabase.rpc("start_realtime_session", held);
        return (await asked.abortSignal(signal).throwOnError()).data;
      },
      settle: async (sessionId, isMinted) => {
        const said = { p_session_id: sessionId, p_minted: isMinted };
        await supabaseAdmin.rpc("settle_realtime_session", said).throwOnError();
      },
      log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    })(request)),
};
