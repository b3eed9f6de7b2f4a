// People come in from outside: a newsletter's form with a mail to confirm, a contact form, the customer's own server.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";
import { buyPlan, fails, join, mail, ok, service, signUp, until } from "./support.mjs";

const address = (name) => `${name}-${randomUUID().slice(0, 8)}@people.example.com`;
const STATEMENT = "I want the newsletter and know that I can leave it at any time.";
const BROWSER = { accept: "text/html", "accept-language": "fr" };

let owner, marketer, seller, team, newsletter, link;
const ada = address("ada");

const make = (who, more) =>
  who.client.from("forms").insert({ workspace_id: team, name: "Newsletter", ...more }).select().single();

/** As a page elsewhere sends it: no key, no session. */
const send = (form, fields, headers = { "content-type": "application/json" }) =>
  fetch(`${process.env.SUPABASE_URL}/functions/v1/forms/${form}`, {
    method: "POST",
    headers,
    body: headers["content-type"] === "application/json" ? JSON.stringify(fields) : new URLSearchParams(fields),
    redirect: "manual",
  });

const person = async (email) =>
  ok(await marketer.client.from("contacts").select().ilike("email", email).maybeSingle());

before(async () => {
  owner = await signUp("owner");
  team = ok(await owner.client.rpc("create_workspace", { p_name: "Morvan" })).id;
});

test("marketing makes a form; words to agree to need a plan with campaigns", async () => {
  fails(await make(owner, { statement: STATEMENT }), 402, "plan.not_entitled");
  await buyPlan(owner, team);
  [marketer, seller] = [await join(owner, team, "marketing"), await join(owner, team, "sales")];
  newsletter = ok(await make(marketer, { statement: STATEMENT, thank_you_url: "https://example.com/thanks" })).id;
  assert.equal((await make(seller, {})).error.code, "42501");
  const stranger = await signUp("stranger");
  assert.deepEqual(ok(await stranger.client.from("forms").select()), []);
});

test("a visitor signs up: a contact at once, consent not yet", async () => {
  const fields = { email: ada, name: "Ada", consent: true, language: "en" };
  const taken = await send(newsletter, fields);
  assert.equal(taken.headers.get("access-control-allow-origin"), "*");
  assert.deepEqual([taken.status, await taken.json()], [200, {
    accepted: true,
    thank_you_url: "https://example.com/thanks",
  }]);
  const contact = await person(ada);
  assert.deepEqual([contact.name, contact.source, contact.email_consent], ["Ada", "form: Newsletter", "unknown"]);
  assert.equal((await send(newsletter, fields)).status, 200);
});

test("the address's owner confirms by a button, and that is proved", async () => {
  const letters = await until(() => mail("list", "--to", ada).mails, ({ length }) => length > 0);
  assert.deepEqual(letters.map(({ subject }) => subject), ["Please confirm: mails from Morvan"]);
  assert.ok(letters[0].text.includes(STATEMENT));
  link = /https?:\/\/\S+\/forms\/confirm\S+/.exec(letters[0].text)[0];
  const shown = await fetch(link, { headers: BROWSER });
  assert.deepEqual([shown.status, /<button>Confirmer</.test(await shown.text())], [200, true]);
  assert.equal((await person(ada)).email_consent, "unknown");
  const granted = await fetch(link, { method: "POST" });
  assert.deepEqual([granted.status, await granted.json()], [200, { confirmed: true }]);
  assert.equal((await person(ada)).email_consent, "granted");
  const proof = ok(await marketer.client.from("consent_events").select("consent, source, statement, email"));
  assert.deepEqual(proof, [{ consent: "granted", source: "form: Newsletter", statement: STATEMENT, email: ada }]);
  const forged = await fetch(link.slice(0, -1) + (link.endsWith("0") ? "1" : "0"), { method: "POST" });
  assert.deepEqual([forged.status, (await forged.json()).code], [410, "form.link_over"]);
});

test("a browser without script fills in a contact form; sales has a lead", async () => {
  const contactUs = ok(await make(marketer, { name: "Contact us", makes_lead: true }));
  const typed = { ...BROWSER, "content-type": "application/x-www-form-urlencoded" };
  const visitor = address("bob");
  const thanks = await send(contactUs.id, { email: visitor, message: "Two nets, please." }, typed);
  assert.deepEqual([thanks.status, /Merci/.test(await thanks.text())], [200, true]);
  const led = await send(newsletter, { email: visitor }, typed);
  assert.deepEqual([led.status, led.headers.get("location")], [303, "https://example.com/thanks"]);
  assert.equal((await send(contactUs.id, { email: address("bot"), homepage: "https://spam.example" })).status, 200);
  const leads = ok(await seller.client.from("leads").select("interest, note, source, contacts(email)"));
  assert.deepEqual(leads, [{
    interest: "Contact us",
    note: "Two nets, please.",
    source: "form: Contact us",
    contacts: { email: visitor },
  }]);
});

test("what cannot be taken is refused with a code", async () => {
  const closed = ok(await make(marketer, { name: "Closed", is_enabled: false })).id;
  for (
    const [form, fields, status, code] of [
      [randomUUID(), { email: ada }, 404, "form.not_found"],
      [closed, { email: ada }, 403, "form.disabled"],
      [newsletter, { email: "nobody" }, 400, "form.bad_email"],
      [newsletter, { name: "Nobody" }, 400, "contact.no_address"],
      [newsletter, [], 400, "form.bad_body"],
    ]
  ) {
    const refused = await send(form, fields);
    assert.deepEqual([refused.status, (await refused.json()).code], [status, code]);
  }
  const named = { p_form_id: newsletter, p_fields: { email: ada } };
  assert.equal((await marketer.client.rpc("submit_form", named)).error.code, "42501");
});

test("the customer's own server brings a person with consent and interest, once", async () => {
  const cleo = address("cleo");
  const said = {
    p_workspace_id: team,
    p_person: { email: cleo, name: "Cleo", phone: "" },
    p_consent: true,
    p_source: "shop",
    p_statement: STATEMENT,
    p_interest: "Nets",
    p_idempotency_key: "order-1",
  };
  const first = ok(await service().rpc("capture_contact", said));
  assert.deepEqual([first.is_new, first.consent], [true, "granted"]);
  assert.deepEqual(ok(await service().rpc("capture_contact", said)), first);
  fails(
    await service().rpc("capture_contact", { ...said, p_source: "fair" }),
    409,
    "capture.idempotency_conflict",
  );
  assert.equal((await marketer.client.rpc("capture_contact", said)).error.code, "42501");
  const lead = ok(await seller.client.from("leads").select("interest").eq("id", first.lead_id).single());
  assert.equal(lead.interest, "Nets");
  const everyone = { p_workspace_id: team, p_filter: { all: [] } };
  assert.equal(ok(await marketer.client.rpc("preview_segment", everyone)).mailable, 2);
});

test("a table with empty cells is imported, and a refused row names its column", async () => {
  const rows = [
    { email: "", phone: "+33 6 12 34 56 78", name: "", language: "", company: "" },
    { email: address("dan"), country: "France" },
    { email: "", name: "Nobody" },
  ];
  const done = ok(await seller.client.rpc("import_contacts", { p_workspace_id: team, p_contacts: rows }));
  assert.deepEqual([done.created, done.ids.created.length], [1, 1]);
  assert.deepEqual(done.refused.map(({ index, error_code, field }) => [index, error_code, field]), [
    [1, "contact.bad_field", "country"],
    [2, "contact.no_address", undefined],
  ]);
  assert.match(done.refused[0].error_message, /country/);
});
