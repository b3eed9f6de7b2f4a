const STYLE =
  "body{font:18px/1.5 sans-serif;max-width:32em;margin:15vh auto;padding:0 1em;text-align:center}" +
  "button{font:inherit;padding:.5em 1.5em}a{overflow-wrap:anywhere}";

/** A page of its own: no script, nothing from elsewhere, not kept, not found by search engines. */
export function htmlPage(language: string, title: string, body: string, status = 200): Response {
  const html = `<!doctype html><html lang="${language}"><head><meta charset="utf-8">` +
    `<meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style></head>` +
    `<body>${body}</body></html>\n`;
  return new Response(html, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
      "referrer-policy": "no-referrer",
      "x-robots-tag": "noindex",
    },
  });
}

/** Text as it may stand in HTML, in attributes too. */
export function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** en or fr, by the Accept-Language header. */
export function languageOf(accepted: string | null): "en" | "fr" {
  return /^\s*fr\b/i.test(accepted ?? "") ? "fr" : "en";
}
