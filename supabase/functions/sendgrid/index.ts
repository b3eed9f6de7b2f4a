import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { sendgrid } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: sendgrid({
    key: (Deno.env.get("SENDGRID_WEBHOOK_PUBLIC_KEY") ?? "").trim(),
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    store: async (events, signal) => {
      const asked = supabaseAdmin.rpc("receive_mail_events", { p_events: events });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
  }),
};
