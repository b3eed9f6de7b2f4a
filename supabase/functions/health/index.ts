import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { VERSION } from "../_shared/version.ts";
import { health } from "./handler.ts";

export default {
  fetch: withSupabase<Database>({ auth: "none" }, (request, { supabaseAdmin }) =>
    health({
      version: VERSION,
      log: console.error,
      ping: async (signal) => {
        await supabaseAdmin.from("roles").select("role").limit(1).abortSignal(signal).throwOnError();
      },
    })(request)),
};
