/** A contact as ManyChat sends one ("full contact data"), shortened. */
export const CONTACT = {
  id: "987654321",
  page_id: "1234567",
  first_name: "Marie",
  last_name: "Martin",
  name: "Marie Martin",
  language: "French",
  timezone: "UTC+01",
  last_input_text: "Quels sont vos horaires ?",
  phone: null,
  whatsapp_phone: "+33600000000",
  email: "marie@example.test",
  last_interaction: "2026-11-21T08:00:00+00:00",
  custom_fields: {},
};
