import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { manychat, type Received } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: manychat({
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    receive: async (channel, secret, message, signal) => {
      const asked = supabaseAdmin.rpc("receive_manychat", {
        p_channel_id: channel,
        p_secret: secret,
        p_message: message,
      });
      return (await asked.abortSignal(signal).throwOnError()).data as Received;
    },
  }),
};
