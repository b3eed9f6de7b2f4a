import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { inbound } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: inbound({
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    receive: async (connection, signature, body, signal) => {
      const asked = supabaseAdmin.rpc("receive_inbound", {
        p_connection_id: connection,
        p_signature: signature,
        p_body: body,
      });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
  }),
};
