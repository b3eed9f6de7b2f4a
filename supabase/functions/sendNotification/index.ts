import { withSupabase } from "@supabase/server";
import type { Database } from "../_shared/database.types.ts";
import { sendNotification } from "./handler.ts";

export default {
  fetch: withSupabase<Database>({ auth: "user" }, (request, { supabase }) =>
    sendNotification({
      notify: async (notice, signal) =>
        (await supabase.rpc("notify_member", notice).abortSignal(signal).throwOnError()).data,
      log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    })(request)),
};
