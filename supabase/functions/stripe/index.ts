import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { stripe } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: stripe({
    secrets: (Deno.env.get("STRIPE_WEBHOOK_SECRET") ?? "").split(",").map((each) => each.trim()).filter(
      Boolean,
    ),
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    store: async (event, signal) => {
      const asked = supabaseAdmin.rpc("receive_stripe_event", { p_event: event });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
  }),
};
