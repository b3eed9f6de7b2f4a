import { deepEqual, equal, match } from "node:assert/strict";
import { LARGEST_BODY } from "./fields.ts";
import { type Dependencies, forms } from "./handler.ts";

const FORM = "3f1d8f44-5d0c-4a52-9d0f-0c6f6a3f9d10";
const TOKEN = `lmf_${"ab".repeat(32)}`;
const JSON_TYPE = { "content-type": "application/json" };
const TYPED = { "content-type": "application/x-www-form-urlencoded" };
const BROWSER = { accept: "text/html,application/xhtml+xml", "accept-language": "fr-CH,fr;q=0.9" };

function setUp(changes: Partial<Dependencies> = {}) {
  const submitted: unknown[][] = [];
  const confirmed: string[] = [];
  const logged: Record<string, unknown>[] = [];
  const handle = forms({
    submit: (...given) => {
      submitted.push(given.slice(0, 3));
      return Promise.resolve(null);
    },
    confirm: (token) => {
      confirmed.push(token);
      return Promise.resolve(true);
    },
    log: (_event, fields) => logged.push(fields),
    ...changes,
  });
  return { handle, submitted, confirmed, logged };
}

type Given = { method?: string; path?: string; body?: BodyInit | null; headers?: Record<string, string> };

function request(
  { method = "POST", path = FORM, body = '{"email":"ada@example.test"}', headers = JSON_TYPE }: Given = {},
) {
  return new Request(`http://127.0.0.1/forms/${path}`, { method, body, headers });
}

const confirming = (method: string, headers: Record<string, string> = {}, token = TOKEN) =>
  request({ method, path: `confirm?token=${token}`, body: null, headers });

Deno.test("a script's JSON is handed on: our fields, filled in ones only", async () => {
  const { handle, submitted, logged } = setUp();
  const body =
    '{"email":"ada@example.test","name":" ","consent":true,"language":"en","owner_id":"x","phone":7}';
  const headers = { ...JSON_TYPE, "x-forwarded-for": "192.0.2.1, 10.0.0.1" };
  const response = await handle(request({ body, headers }));
  deepEqual([response.status, await response.json()], [200, { accepted: true, thank_you_url: null }]);
  equal(response.headers.get("access-control-allow-origin"), "*");
  deepEqual(submitted, [[FORM, { email: "ada@example.test", consent: true, language: "en" }, "192.0.2.1"]]);
  deepEqual(logged, [{ form: FORM, outcome: "taken" }]);
});

Deno.test("a browser without script is led on, or thanked", async () => {
  const body = "email=ada%40example.test&message=A+b%C3%B4at%00&consent=on&homepage=";
  const headers = { ...TYPED, ...BROWSER, "cf-connecting-ip": "192.0.2.9", "x-forwarded-for": "1.1.1.1" };
  const { handle, submitted } = setUp();
  const thanks = await handle(request({ body, headers }));
  equal(thanks.status, 200);
  match(await thanks.text(), /lang="fr".*Merci/s);
  const fields = { email: "ada@example.test", message: "A bôat", consent: "on", language: "fr-CH,fr;q=0.9" };
  deepEqual(submitted, [[FORM, fields, "192.0.2.9"]]);
  const next = "https://acme.example/thanks";
  const led = await setUp({ submit: () => Promise.resolve(next) }).handle(request({ body, headers }));
  deepEqual([led.status, led.headers.get("location")], [303, next]);
});

Deno.test("a program that fills in what nobody sees hears that all is well", async () => {
  const { handle, submitted, logged } = setUp();
  const response = await handle(request({ body: '{"email":"a@b.test","homepage":"https://spam.example"}' }));
  deepEqual([response.status, await response.json()], [200, { accepted: true, thank_you_url: null }]);
  deepEqual(submitted, []);
  deepEqual(logged, [{ form: FORM, outcome: "trapped" }]);
});

const breaking = () => new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });

const REFUSED: [string, () => Request, number, string][] = [
  ["another method", () => request({ method: "GET", body: null }), 405, "form.bad_method"],
  ["another method for a link", () => confirming("PUT"), 405, "form.bad_method"],
  ["no form", () => request({ path: "1' or 1=1" }), 404, "form.not_found"],
  ["a form below a form", () => request({ path: `${FORM}/more` }), 404, "form.not_found"],
  ["bytes that are no text", () => request({ body: new Uint8Array([123, 255]) }), 400, "form.bad_body"],
  [
    "typed bytes that are no text",
    () => request({ body: new Uint8Array([97, 255]), headers: TYPED }),
    400,
    "form.bad_body",
  ],
  ["no object", () => request({ body: "[]" }), 400, "form.bad_body"],
  ["a body that breaks off", () => request({ body: breaking() }), 400, "form.bad_body"],
  ["a body too large", () => request({ body: " ".repeat(LARGEST_BODY + 1) }), 413, "form.body_too_large"],
  ["a link that is none", () => confirming("POST", {}, "lmf_1"), 404, "form.link_invalid"],
];
for (const [name, given, status, code] of REFUSED) {
  Deno.test(`${name} is refused as ${code}`, async () => {
    const { handle, submitted, confirmed, logged } = setUp();
    const response = await handle(given());
    deepEqual([response.status, (await response.json()).code], [status, code]);
    deepEqual([submitted, confirmed], [[], []]);
    deepEqual([logged.length, logged[0]?.outcome], [1, code]);
  });
}

const FAULTS: [unknown, number, string, string?][] = [
  [{ code: "PT404", details: "form.not_found", message: "There is no such form." }, 404, "form.not_found"],
  [{ code: "PT400", details: "contact.no_address", message: "Neither." }, 400, "contact.no_address"],
  [{ code: "PT429", details: "form.too_fast", message: "Too much." }, 429, "form.too_fast", "60"],
  [{ code: "23514", details: "ada@example.test", message: "check" }, 503, "form.unavailable"],
  [new TypeError("fetch failed"), 503, "form.unavailable"],
];
for (const [cause, status, code, wait = null] of FAULTS) {
  Deno.test(`${JSON.stringify(cause)} is ${code}`, async () => {
    const { handle, logged } = setUp({ submit: () => Promise.reject(cause) });
    const response = await handle(request());
    deepEqual([response.status, response.headers.get("retry-after")], [status, wait]);
    equal((await response.json()).code, code);
    equal(JSON.stringify(logged).includes("ada@example.test"), false);
  });
}

Deno.test("a mail's link shows a button, and only the button grants", async () => {
  const { handle, confirmed, logged } = setUp();
  const shown = await handle(confirming("GET", BROWSER));
  equal(shown.status, 200);
  match(await shown.text(), /<form method="post"><button>Confirmer</);
  deepEqual(confirmed, []);
  const done = await handle(confirming("POST", BROWSER));
  equal(done.status, 200);
  match(await done.text(), /C'est confirmé/);
  deepEqual(confirmed, [TOKEN]);
  deepEqual(logged, [{ outcome: "confirmed" }]);
  deepEqual(await (await handle(confirming("POST"))).json(), { confirmed: true });
});

Deno.test("a link that is over says so", async () => {
  const { handle } = setUp({ confirm: () => Promise.resolve(false) });
  equal((await handle(confirming("POST", BROWSER))).status, 410);
  const refused = await handle(confirming("POST"));
  deepEqual([refused.status, (await refused.json()).code], [410, "form.link_over"]);
});

Deno.test("every page may ask from a browser", async () => {
  const response = await setUp().handle(request({ method: "OPTIONS", body: null }));
  deepEqual([response.status, response.headers.get("access-control-allow-origin")], [204, "*"]);
  match(response.headers.get("access-control-allow-headers") ?? "", /content-type/);
});

Deno.test("gives up on a store that never answers", async () => {
  const submit: Dependencies["submit"] = (_1, _2, _3, signal) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  equal((await setUp({ submit, patienceMs: 5 }).handle(request())).status, 503);
});
