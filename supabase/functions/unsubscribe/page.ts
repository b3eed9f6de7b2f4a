type Words = { title: string; ask: string; button: string; done: string };

const WORDS: { [language: string]: Words } = {
  en: {
    title: "Unsubscribe",
    ask: "Do you want no more mails from this sender?",
    button: "Unsubscribe",
    done: "You will get no more mails from this sender.",
  },
  fr: {
    title: "Se désinscrire",
    ask: "Ne plus recevoir de messages de cet expéditeur ?",
    button: "Se désinscrire",
    done: "Vous ne recevrez plus de messages de cet expéditeur.",
  },
};
const STYLE =
  "body{font:18px/1.5 sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;text-align:center}" +
  "button{font:inherit;padding:.5em 1.5em}";

/** The page that asks, or the one that says it is done, in a language of the Accept-Language header. */
export function page(accepted: string | null, isDone: boolean): Response {
  const language = /^\s*fr\b/i.test(accepted ?? "") ? "fr" : "en";
  const words = WORDS[language]!;
  const form = `<form method="post"><button>${words.button}</button></form>`;
  const html = `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"><title>${words.title}</title><style>${STYLE}</style></head>` +
    `<body><p>${isDone ? words.done : words.ask}</p>${isDone ? "" : form}</body></html>\n`;
  return new Response(html, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    },
  });
}
