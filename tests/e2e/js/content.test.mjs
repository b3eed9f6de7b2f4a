// A team writes together: brands, versions and their difference, comments with mentions, and who did what.
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { admit, fails, listen, ok, signUp, until } from "./support.mjs";

const FIRST = "Opening hours\n\nThe harbour opens at six.\nPilots wait at the mole.";
const SECOND = FIRST.replace("six", "seven");
let owner, editor, viewer, stranger, team, document, comment;

before(async () => {
  [owner, editor, viewer, stranger] = await Promise.all(["owner", "editor", "viewer", "stranger"].map(signUp));
  team = ok(await owner.client.rpc("create_workspace", { p_name: "Harbour office" })).id;
  await admit(owner, team, editor, "editor");
  await admit(owner, team, viewer, "viewer");
});

const save = (person, content, expected) =>
  person.client.rpc("save_document_version", {
    p_document_id: document,
    p_content: content,
    p_expected_version: expected,
  });
const say = (person, body, extra = {}) =>
  person.client.rpc("create_comment", { p_document_id: document, p_body: body, ...extra });
const activity = async (person, filter = {}) =>
  ok(await person.client.rpc("list_activity", { p_workspace_id: team, ...filter }));

test("the first brand is the default, another can be chosen, by those who answer for it", async () => {
  const add = (person, name) =>
    person.client.from("brands").insert({ workspace_id: team, name }).select("id, is_default").single();
  assert.equal(ok(await add(owner, "Port")).is_default, true);
  const { id } = ok(await add(owner, "Mole"));
  fails(await editor.client.rpc("set_default_brand", { p_brand_id: id }), 403, "workspace.forbidden");
  assert.equal((await add(editor, "Mine")).error.code, "42501");
  ok(await owner.client.rpc("set_default_brand", { p_brand_id: id }));
  const brands = ok(await viewer.client.from("brands").select("name").eq("is_default", true));
  assert.deepEqual(brands, [{ name: "Mole" }]);
  ok(await owner.client.from("brands").delete().eq("id", id));
  const left = ok(await viewer.client.from("brands").select("name").eq("is_default", true));
  assert.deepEqual(left, [{ name: "Port" }]);
  fails(await add(owner, "x".repeat(201)), 400, "brand.bad_text");
});

test("of two who save at once one is told, merges and saves again", async () => {
  const text = { p_workspace_id: team, p_title: "Hours", p_content: FIRST };
  document = ok(await editor.client.rpc("create_text_document", text)).id;
  assert.deepEqual(ok(await viewer.client.rpc("document_diff", { p_document_id: document })).hunks, []);
  assert.equal(ok(await save(owner, SECOND, 1)).version, 2);
  const late = await save(editor, "Mine.", 1);
  fails(late, 409, "document.version_conflict");
  assert.equal(/^version=(\d+)/.exec(late.error.hint)[1], "2");
  assert.equal(ok(await save(editor, `${SECOND}\nNo fishing.`, 2)).version, 3);
  fails(await save(viewer, "Mine.", 3), 403, "workspace.forbidden");
});

test("the difference of two versions is shown line by line", async () => {
  const between = { p_document_id: document, p_from: 1, p_to: 3 };
  const { hunks } = ok(await viewer.client.rpc("document_diff", between));
  assert.deepEqual(
    hunks.flatMap(({ lines }) => lines.filter((line) => !line.startsWith(" "))),
    ["-The harbour opens at six.", "+The harbour opens at seven.", "+No fishing."],
  );
  fails(await stranger.client.rpc("document_diff", between), 404, "document.not_found");
});

test("an old version comes back as a new one", async () => {
  const old = { p_document_id: document, p_version: 1 };
  fails(
    await editor.client.rpc("restore_document_version", { ...old, p_expected_version: 2 }),
    409,
    "document.version_conflict",
  );
  ok(await editor.client.rpc("restore_document_version", { ...old, p_expected_version: 3 }));
  const newest = await editor.client
    .from("document_versions")
    .select("content, restored_from")
    .match({ document_id: document, version: 4 })
    .single();
  assert.deepEqual(ok(newest), { content: FIRST, restored_from: 1 });
});

test("a comment is heard, and whom it names is told", async () => {
  const { heard, status, error } = await listen(editor, `workspace:${team}`, ["comment", "activity"]);
  assert.equal(status, "SUBSCRIBED", String(error));
  const at = FIRST.indexOf("Pilots");
  const passage = { p_version: 1, p_range_start: at, p_range_end: at + 6, p_mentions: [viewer.id] };
  comment = ok(await say(owner, "All of them?", passage));
  assert.equal(comment.quote, "Pilots");
  await until(() => heard.comment, (hints) => hints.some(({ id }) => id === comment.id), 15);
  await until(() => heard.activity, (hints) => hints.some(({ verb }) => verb === "commented"), 15);
  const feed = ok(await viewer.client.from("notifications").select("data").eq("kind", "mention").single());
  assert.equal(feed.data.text, "All of them?");
  fails(await say(owner, "You?", { p_mentions: [stranger.id] }), 400, "comment.mention_cannot_read");
  fails(await say(viewer, "Yes."), 403, "workspace.forbidden");
  fails(await say(stranger, "Yes."), 404, "document.not_found");
});

test("a passage counts code points: [...text].length, not text.length", async () => {
  const text = "\u{1F6A2}\u{1F6A2} Ships come first.\nPilots wait.";
  const given = { p_workspace_id: team, p_title: "Ships", p_content: text };
  const { id } = ok(await editor.client.rpc("create_text_document", given));
  const passage = (before) => ({
    p_document_id: id,
    p_body: "Which ones?",
    p_quote: "Pilots",
    p_range_start: before,
    p_range_end: before + [..."Pilots"].length,
  });
  const at = text.indexOf("Pilots");
  fails(await owner.client.rpc("create_comment", passage(at)), 400, "comment.bad_range");
  const said = ok(await owner.client.rpc("create_comment", passage([...text.slice(0, at)].length)));
  assert.equal([...text].slice(said.range_start, said.range_end).join(""), "Pilots");
  const blank = await editor.client.from("documents").update({ title: " " }).eq("id", id);
  fails(blank, 400, "document.bad_title");
});

test("a change of the words leaves whom a comment names", async () => {
  ok(await owner.client.rpc("edit_comment", { p_comment_id: comment.id, p_body: "All of them?" }));
  const named = await viewer.client.from("comment_mentions").select("user_id").eq("comment_id", comment.id);
  assert.deepEqual(ok(named), [{ user_id: viewer.id }]);
});

test("a thread is answered, changed by its author and settled", async () => {
  const answer = ok(await say(editor, "Two of them.", { p_thread_id: comment.id }));
  fails(
    await owner.client.rpc("edit_comment", { p_comment_id: answer.id, p_body: "Three." }),
    403,
    "comment.forbidden",
  );
  ok(await editor.client.rpc("edit_comment", { p_comment_id: answer.id, p_body: "Three of them." }));
  ok(await editor.client.rpc("resolve_comment", { p_comment_id: comment.id }));
  const thread = await viewer.client
    .from("comments")
    .select("body, resolved_by, answers:comments!thread_id(body)")
    .eq("document_id", document)
    .is("thread_id", null)
    .single();
  assert.deepEqual(ok(thread), {
    body: "All of them?",
    resolved_by: editor.id,
    answers: [{ body: "Three of them." }],
  });
  ok(await owner.client.rpc("resolve_comment", { p_comment_id: comment.id, p_is_resolved: false }));
  ok(await owner.client.rpc("delete_comment", { p_comment_id: answer.id }));
  assert.deepEqual(ok(await stranger.client.from("comments").select("id")), []);
});

test("who left keeps a name where they wrote", async () => {
  ok(await editor.client.rpc("leave_workspace", { p_workspace_id: team }));
  const name = async (person) =>
    ok(await person.client.from("profiles").select("display_name").eq("user_id", editor.id)).length;
  assert.deepEqual([await name(viewer), await name(stranger)], [1, 0]);
});

test("members see who did what, in pages; strangers see nothing", async () => {
  const lines = (await activity(viewer)).map((row) => `${row.subject_kind} ${row.verb}`);
  for (const line of ["brand created", "document restored", "comment resolved", "comment reopened", "member joined"]) {
    assert.ok(lines.includes(line), `${line} is not in ${lines}`);
  }
  const [newest, second] = await activity(viewer, { p_limit: 2 });
  assert.deepEqual((await activity(viewer, { p_limit: 1, p_before: newest.id }))[0].id, second.id);
  fails(await stranger.client.rpc("list_activity", { p_workspace_id: team }), 404, "workspace.not_found");
  assert.deepEqual(ok(await stranger.client.from("activity").select("id").eq("workspace_id", team)), []);
});
