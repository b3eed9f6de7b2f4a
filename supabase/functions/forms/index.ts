import { createAdminClient } from "@supabase/server/core";
import type { Database } from "../_shared/database.types.ts";
import { forms } from "./handler.ts";

const supabaseAdmin = createAdminClient<Database>();

export default {
  fetch: forms({
    submit: async (form, fields, address, signal) => {
      const asked = supabaseAdmin.rpc("submit_form", {
        p_form_id: form,
        p_fields: fields,
        p_address: address,
      });
      return ((await asked.abortSignal(signal).throwOnError()).data as { thank_you_url: string | null })
        .thank_you_url;
    },
    confirm: async (token, signal) => {
      const asked = supabaseAdmin.rpc("confirm_consent", { p_token: token });
      return (await asked.abortSignal(signal).throwOnError()).data;
    },
    log: (event, fields) => console.info(JSON.stringify({ event, ...fields })),
  }),
};
