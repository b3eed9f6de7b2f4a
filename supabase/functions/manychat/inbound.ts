import type { Json } from "../_shared/database.types.ts";
import { readJson } from "../_shared/json.ts";

/** What came without words; `attachment` when the address of the file does not tell. */
export type Attachment = "image" | "audio" | "video" | "file" | "attachment";

/** What somebody sent, as `receive_manychat` takes it: words, or an attachment. */
export type Inbound = {
  /** ManyChat's number of the person, up to 20 digits. */
  subscriber_id: string;
  text?: string;
  attachment?: Attachment;
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

/** By the end of its address, which is all that ManyChat may tell of a file. */
const KINDS: [RegExp, Attachment][] = [
  [/\.(jpe?g|png|webp|gif|heic)$/i, "image"],
  [/\.(og[ag]|opus|mp3|m4a|aac|amr|wav)$/i, "audio"],
  [/\.(mp4|3gpp?|mov|webm)$/i, "video"],
  [/\.(pdf|docx?|xlsx?|pptx?|zip|vcf)$/i, "file"],
];

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
 * Without words, or where the only word is the address of a file, it is an attachment. Undefined when it names no person.
 */
export function readInbound(body: Uint8Array): Inbound | undefined {
  const value = readJson(body);
  if (!isObject(value)) return undefined;
  const given = isObject(value.contact) ? { ...value.contact, ...value } : value;
  const subscriber_id = word(given.subscriber_id) ?? word(given.id);
  if (subscriber_id === undefined || !/^\d{1,20}$/.test(subscriber_id)) return undefined;
  const first_and_last = [word(given.first_name), word(given.last_name)].filter(Boolean).join(" ");
  const rest = {
    message_id: word(given.message_id),
    last_interaction: word(given.last_interaction),
    name: word(given.name) ?? (first_and_last || undefined),
    email: word(given.email),
    phone: word(given.whatsapp_phone) ?? word(given.phone),
    language: code(word(given.language)) ?? code(word(given.locale)),
  };
  return { subscriber_id, ...said(given), ...present(rest) };
}

function said(given: { [key: string]: Json | undefined }): { text: string } | { attachment: Attachment } {
  const text = word(given.text) ?? word(given.last_input_text);
  const address = text ?? addressIn(given.text) ?? addressIn(given.last_input_text) ?? "";
  const kind = kindOf(address);
  return text === undefined || kind !== undefined
    ? { attachment: kind ?? "attachment" }
    : { text: text.slice(0, LONGEST_TEXT).toWellFormed() };
}

/** Some flows hand an object in place of words. */
function addressIn(value: Json | undefined): string | undefined {
  return isObject(value) ? word(value.url) : undefined;
}

/** Undefined for words, and for addresses of anything but a file. */
function kindOf(text: string): Attachment | undefined {
  const path = /^https?:\/\/[^\s/?#]+(\/[^\s?#]*)[^\s]*$/i.exec(text)?.[1] ?? "";
  return KINDS.find(([end]) => end.test(path))?.[1];
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
