import type { Json } from "../_shared/database.types.ts";
import { readJson } from "../_shared/json.ts";

/** What somebody wrote, as `receive_manychat` takes it. */
export type Inbound = {
  /** ManyChat's number of the person, up to 20 digits. */
  subscriber_id: string;
  text: string;
  /** An id that the flow gave; without it ManyChat names none. */
  message_id?: string;
  /** When the person last wrote, in ManyChat's words; tells two equal messages apart. */
  last_interaction?: string;
  name?: string;
  email?: string;
  phone?: string;
  /** ISO 639 code in small letters. */
  language?: string;
};

/** Characters; what is longer is cut. WhatsApp itself takes 4,096. */
export const LONGEST_TEXT = 8000;

/** ManyChat tells the language of a person by its English name. */
const CODES: Record<string, string> = {
  arabic: "ar",
  chinese: "zh",
  dutch: "nl",
  english: "en",
  french: "fr",
  german: "de",
  hindi: "hi",
  indonesian: "id",
  italian: "it",
  japanese: "ja",
  polish: "pl",
  portuguese: "pt",
  russian: "ru",
  spanish: "es",
  turkish: "tr",
};

/**
 * Reads the body of an External Request: ManyChat's full contact data (`id`, `last_input_text`, …), or an object of
 * the flow's own (`subscriber_id`, `text`, `message_id`, …), or both, the contact under `contact`.
 * Undefined when it names no person or no text.
 */
export function readInbound(body: Uint8Array): Inbound | undefined {
  const value = readJson(body);
  if (!isObject(value)) return undefined;
  const given = isObject(value.contact) ? { ...value.contact, ...value } : value;
  const subscriber_id = word(given.subscriber_id) ?? word(given.id);
  const text = (word(given.text) ?? word(given.last_input_text))?.slice(0, LONGEST_TEXT).toWellFormed();
  if (text === undefined || subscriber_id === undefined || !/^\d{1,20}$/.test(subscriber_id)) {
    return undefined;
  }
  const first_and_last = [word(given.first_name), word(given.last_name)].filter(Boolean).join(" ");
  const rest = {
    message_id: word(given.message_id),
    last_interaction: word(given.last_interaction),
    name: word(given.name) ?? (first_and_last || undefined),
    email: word(given.email),
    phone: word(given.whatsapp_phone) ?? word(given.phone),
    language: code(word(given.language)) ?? code(word(given.locale)),
  };
  return { subscriber_id, text, ...present(rest) };
}

function isObject(value: Json | undefined): value is { [key: string]: Json | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Text that says something; numbers as text, unless JSON has rounded them. */
function word(value: Json | undefined): string | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** fr for fr, fr_FR, fr-CA and French. */
function code(language: string | undefined): string | undefined {
  const small = language?.toLowerCase() ?? "";
  return /^[a-z]{2,3}(?=$|[-_])/.exec(small)?.[0] ?? CODES[small];
}

function present<Fields extends Record<string, string | undefined>>(
  fields: Fields,
): { [Key in keyof Fields]?: string } {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as { [Key in keyof Fields]?: string };
}
