import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { realtimeToken } from "./handler.ts";
import { mint, type OpenAI } from "./openai.ts";

const openai: OpenAI = {
  key: Deno.env.get("OPENAI_API_KEY") ?? "",
  baseUrl: Deno.env.get("OPENAI_BASE_URL") || "https://api.openai.com/v1",
  model: Deno.env.get("LAMINA_REALTIME_MODEL") || "gpt-realtime-2.1-mini",
  voice: Deno.env.get("LAMINA_SPEECH_VOICE") || "alloy",
};

export default {
  fetch: withSupabase<Database>({ auth: "user" }, (request, { supabase, supabaseAdmin }) =>
    realtimeToken({
      mint: openai.key ? (seconds, signal) => mint(openai, seconds, signal) : undefined,
      start: async (workspaceId, signal) => {
        const asked = supabase.rpc("start_realtime_session", { p_workspace_id: workspaceId });
        return (await asked.abortSignal(signal).throwOnError()).data;
      },
      settle: async (sessionId, isMinted) => {
        const said = { p_session_id: sessionId, p_minted: isMinted };
        await supabaseAdmin.rpc("settle_realtime_session", said).throwOnError();
      },
      log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    })(request)),
};
