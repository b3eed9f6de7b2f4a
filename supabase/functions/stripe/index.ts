import { createAdminClient } from "@supabase/server/core";
import { stripe } from "./handler.ts";

const supabaseAdmin = createAdminClient();

export default {
  fetch: stripe({
    secrets: (Deno.env.get("STRIPE_WEBHOOK_SECRET") ?? "").split(",").map((each) => each.trim()).filter(
      Boolean,
    ),
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
    store: async (event, signal) => {
      const asked = supabaseAdmin.rpc("receive_stripe_event", { p_event: event });
      const { data } = await asked.abortSignal(signal).throwOnError();
      return data as string;
    },
  }),
};
