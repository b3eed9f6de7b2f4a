import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { keptKeys, type Keys } from "../_shared/links.ts";
import { unsubscribe } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: unsubscribe({
    page: (Deno.env.get("LAMINA_UNSUBSCRIBE_PAGE") ?? "").trim(),
    keys: keptKeys(async () => {
      const asked = supabaseAdmin.rpc("link_keys").abortSignal(AbortSignal.timeout(5000));
      return (await asked.throwOnError()).data as Keys;
    }),
    leave: async (recipient, signal) => {
      const asked = supabaseAdmin.rpc("unsubscribe_mail", { p_recipient_id: recipient });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
  }),
};
