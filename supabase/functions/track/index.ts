import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { keptKeys, type Keys } from "../_shared/links.ts";
import { track } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: track({
    keys: keptKeys(async () => {
      const asked = supabaseAdmin.rpc("link_keys").abortSignal(AbortSignal.timeout(5000));
      return (await asked.throwOnError()).data as Keys;
    }),
    note: async (recipient, isClick, signal) => {
      const asked = supabaseAdmin.rpc("track_mail", { p_recipient_id: recipient, p_clicked: isClick });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
  }),
};
