import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { aiDesignAssistant } from "./handler.ts";

export default {
  fetch: withSupabase<Database>({ auth: "user" }, (request, { supabase }) =>
    aiDesignAssistant({
      start: async (wish, signal) =>
        (await supabase.rpc("start_ai_task", wish).abortSignal(signal).throwOnError()).data,
      startForPage: async (wish, signal) =>
        (await supabase.rpc("start_design", wish).abortSignal(signal).throwOnError()).data,
      read: async (taskId, signal) => {
        const found = supabase.from("ai_tasks").select("*").eq("id", taskId).eq("kind", "design_assistant");
        return (await found.abortSignal(signal).maybeSingle().throwOnError()).data;
      },
      log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    })(request)),
};
