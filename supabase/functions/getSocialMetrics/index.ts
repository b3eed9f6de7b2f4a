import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { getSocialMetrics } from "./handler.ts";

export default {
  fetch: withSupabase<Database>({ auth: ["user", "none"] }, (request, { supabase }) =>
    getSocialMetrics({
      metrics: async (wish, signal) =>
        (await supabase.rpc("get_social_metrics", wish).abortSignal(signal).throwOnError()).data,
      log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    })(request)),
};
