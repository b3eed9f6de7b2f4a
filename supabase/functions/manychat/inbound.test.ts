import { deepEqual, equal } from "node:assert/strict";
import { LONGEST_TEXT, readInbound } from "./inbound.ts";
import { CONTACT } from "./support.ts";

const read = (value: unknown) => readInbound(new TextEncoder().encode(JSON.stringify(value)));

Deno.test("reads ManyChat's full contact data", () => {
  deepEqual(read(CONTACT), {
    subscriber_id: "987654321",
    text: "Quels sont vos horaires ?",
    last_interaction: "2026-11-21T08:00:00+00:00",
    name: "Marie Martin",
    email: "marie@example.test",
    phone: "+33600000000",
    language: "fr",
  });
});

Deno.test("reads an object of the flow's own", () => {
  deepEqual(read({ subscriber_id: 12, text: " Hi ", message_id: 7 }), {
    subscriber_id: "12",
    text: "Hi",
    message_id: "7",
  });
});

Deno.test("what the flow says goes before what the contact has", () => {
  const seen = read({ contact: CONTACT, text: "Bonjour", message_id: "m-1", language: "en_US" });
  deepEqual([seen?.subscriber_id, seen?.text, seen?.message_id, seen?.language], [
    "987654321",
    "Bonjour",
    "m-1",
    "en",
  ]);
});

Deno.test("a name is put together, a phone may be any", () => {
  const seen = read({ id: "1", text: "x", first_name: "Ada", last_name: null, name: "", phone: "+1" });
  deepEqual([seen?.name, seen?.phone], ["Ada", "+1"]);
});

const LANGUAGES: [string, string | undefined][] = [
  ["fr", "fr"],
  ["fr_FR", "fr"],
  ["EN-gb", "en"],
  ["French", "fr"],
  ["german", "de"],
  ["Klingon", undefined],
  ["", undefined],
];
for (const [said, language] of LANGUAGES) {
  Deno.test(`language "${said}" is ${language}`, () => {
    equal(read({ id: "1", text: "x", language: said })?.language, language);
  });
}

Deno.test("a long text is cut, and never in the middle of a character", () => {
  const text = "a".repeat(LONGEST_TEXT - 1) + "😀";
  const cut = read({ id: "1", text })?.text ?? "";
  deepEqual([cut.length, cut.isWellFormed()], [LONGEST_TEXT, true]);
});

const ATTACHMENTS: [string, unknown, string][] = [
  ["no text", undefined, "attachment"],
  ["a text of null", null, "attachment"],
  ["blank text", " \n", "attachment"],
  ["an object", { url: "https://example.test" }, "attachment"],
  ["an object with a picture", { url: "https://example.test/a.png" }, "image"],
  ["the address of a picture", "https://many.example.test/u/1.JPG?sig=a/b.pdf", "image"],
  ["the address of a voice message", "https://many.example.test/u/voice.ogg", "audio"],
  ["the address of a film", "https://many.example.test/u/1.mp4#t=1", "video"],
  ["the address of a document", "https://many.example.test/u/offer.pdf", "file"],
];
for (const [name, text, attachment] of ATTACHMENTS) {
  Deno.test(`${name} is an attachment`, () => {
    deepEqual(read({ id: "1", text }), { subscriber_id: "1", attachment });
  });
}

const WORDS = [
  "See https://example.test/a.png",
  "https://example.test/a.png is it this one?",
  "https://example.test/png",
  "https://example.png",
  "picture.png",
];
for (const text of WORDS) {
  Deno.test(`"${text}" is text`, () => deepEqual(read({ id: "1", text }), { subscriber_id: "1", text }));
}

const NOTHING: Record<string, unknown> = {
  "no person": { text: "x" },
  "a person without number": { id: "someone", text: "x" },
  "a number that JSON rounds": { id: 2 ** 60, text: "x" },
  "a fraction": { id: 1.5, text: "x" },
  "too many digits": { id: "1".repeat(21), text: "x" },
  "a list": [CONTACT],
  "null": null,
};
for (const [name, value] of Object.entries(NOTHING)) {
  Deno.test(`${name} is no message`, () => equal(read(value), undefined));
}
