// A course as a frontend uses it: teach, publish, enrol, study, ask, and what stays closed to everybody else.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, describe, test } from "node:test";
import { admit, audio, fails, listen, ok, signUp, until } from "./support.mjs";

const TEXT = "# Zanzibarium\n\nThe zanzibarium melts at 317 degrees, as every goldsmith of the valley knows.";
const QUESTION = "At how many degrees does the zanzibarium melt?";
let teacher, learner, outsider, workspace, course, lesson;

before(async () => {
  [teacher, learner, outsider] = [await signUp("teacher"), await signUp("learner"), await signUp("outsider")];
  workspace = ok(await teacher.client.rpc("create_workspace", { p_name: "The school" })).id;
  for (const [person, role] of [[learner, "viewer"], [outsider, "marketing"]]) {
    await admit(teacher, workspace, person, role);
  }
});

const rpc = (user, name, args) => user.client.rpc(name, args);
const read = (user) => rpc(user, "read_lesson", { p_lesson_id: lesson });
const ask = (user, extra) => rpc(user, "ask_lesson", { p_lesson_id: lesson, p_question: QUESTION, ...extra });

async function searched(user) {
  const { id } = ok(await rpc(user, "start_search", { p_workspace_id: workspace, p_query: "zanzibarium degrees" }));
  const look = async () => ok(await user.client.from("searches").select("*").eq("id", id).single());
  return JSON.stringify((await until(look, ({ status }) => status === "complete")).results);
}

async function answered(user, id) {
  const look = async () => ok(await user.client.from("messages").select("*").eq("id", id).single());
  const row = await until(look, ({ finished_at }) => finished_at !== null);
  assert.equal(row.status, "complete", JSON.stringify(row));
  return row;
}

describe("a teacher", () => {
  test("makes a course with a lesson and publishes it", async () => {
    const made = await teacher.client.from("courses").insert({ workspace_id: workspace, title: "Metals" }).select().single();
    course = ok(made).id;
    fails(await rpc(teacher, "set_course_status", { p_course_id: course, p_status: "published" }), 409, "course.empty");
    const given = { p_course_id: course, p_title: "Melting", p_content: TEXT, p_is_published: true };
    lesson = ok(await rpc(teacher, "create_lesson", given)).id;
    assert.deepEqual(ok(await learner.client.from("courses").select("id")), []);
    ok(await rpc(teacher, "set_course_status", { p_course_id: course, p_status: "published" }));
    assert.deepEqual(ok(await learner.client.from("lessons").select("title")), [{ title: "Melting" }]);
    await until(
      async () => ok(await teacher.client.from("documents").select("status").eq("id", lesson).single()),
      ({ status }) => status === "processed",
    );
    const saved = { p_document_id: lesson, p_content: `${TEXT}\n\nIt is blue.`, p_expected_version: 1 };
    assert.equal(ok(await rpc(teacher, "save_document_version", saved)).version, 2);
    fails(await rpc(teacher, "save_document_version", saved), 409, "document.version_conflict");
  });

  test("is the only one who may", async () => {
    for (const person of [learner, outsider]) {
      const given = { p_course_id: course, p_title: "Mine", p_content: "Mine." };
      fails(await rpc(person, "create_lesson", given), 403, "workspace.forbidden");
      fails(await rpc(person, "enrol", { p_course_id: course }), 403, "workspace.forbidden");
    }
    fails(await rpc(outsider, "delete_document", { p_document_id: lesson }), 404, "document.not_found");
    const named = await teacher.client.from("courses").update({ teacher_id: outsider.id }).eq("id", course);
    assert.deepEqual([named.status, named.error.details], [400, "course.bad_teacher"]);
  });
});

describe("whoever is not enrolled", () => {
  test("does not read, find or ask", async () => {
    for (const person of [learner, outsider]) {
      fails(await read(person), 403, "course.not_enrolled");
      fails(await ask(person), 403, "course.not_enrolled");
      for (const table of ["documents", "document_versions", "chunks"]) {
        assert.deepEqual(ok(await person.client.from(table).select("*")), [], table);
      }
      assert.doesNotMatch(await searched(person), /317/);
    }
    const question = { p_workspace_id: workspace, p_question: QUESTION, p_document_ids: [lesson] };
    const answer = await answered(outsider, ok(await rpc(outsider, "ask", question)).answer_id);
    assert.equal(answer.answered, false, answer.content);
    assert.deepEqual(answer.citations, []);
  });
});

describe("a learner", () => {
  test("is enrolled, reads and finds", async () => {
    ok(await rpc(teacher, "enrol", { p_course_id: course, p_user_id: learner.id }));
    assert.match(ok(await read(learner)).content, /It is blue/);
    assert.match(await searched(learner), /317/);
    assert.doesNotMatch(await searched(outsider), /317/);
  });

  test("asks the AI and hears the first answer as it is written", async () => {
    fails(await rpc(learner, "ask", { p_workspace_id: workspace, p_question: QUESTION }), 403, "workspace.forbidden");
    const [{ conversation_id }] = ok(await rpc(learner, "my_courses", { p_workspace_id: workspace }));
    const { heard, status } = await listen(learner, `conversation:${conversation_id}`, ["answer.delta", "answer.done"]);
    assert.equal(status, "SUBSCRIBED");
    const { answer_id } = ok(await ask(learner));
    const first = await answered(learner, answer_id);
    assert.match(first.content, /317/);
    assert.equal(first.citations[0].document_id, lesson);
    await until(() => heard["answer.done"], (done) => done.some(({ message_id }) => message_id === answer_id), 10);
    const deltas = heard["answer.delta"].filter(({ message_id }) => message_id === answer_id);
    assert.equal(deltas.map(({ text }) => text).join(""), first.content);
    assert.deepEqual(ok(await teacher.client.from("lesson_questions").select("id")), []);
  });

  test("speaks at a lesson, and nowhere else", async () => {
    const upload = (person) => {
      const path = `${workspace}/${person.id}/${randomUUID()}/question.ogg`;
      return person.client.storage.from("voice").upload(path, audio("ogg"), { contentType: "audio/ogg" });
    };
    const { path } = ok(await upload(learner));
    const { id } = ok(await learner.client.from("recordings").select("id").eq("object_path", path).single());
    const wish = { p_recording_id: id, p_lesson_id: lesson };
    assert.equal(ok(await rpc(learner, "answer_recording", wish)).asked_lesson_id, lesson);
    const spoken = ok(await upload(outsider));
    const other = ok(await outsider.client.from("recordings").select("id").eq("object_path", spoken.path).single());
    fails(await rpc(outsider, "answer_recording", { ...wish, p_recording_id: other.id }), 403, "course.not_enrolled");
    ok(await rpc(learner, "delete_recording", { p_recording_id: id }));
  });

  test("asks the teacher, who hears it, and is told", async () => {
    const { heard: news } = await listen(teacher, `workspace:${workspace}`, ["lesson_question.new"]);
    const { id } = ok(await ask(learner, { p_question: "Is galena needed?", p_audience: "teacher" }));
    await until(() => news["lesson_question.new"], (all) => all.some((each) => each.id === id), 10);
    const answer = { p_question_id: id, p_body: "Much galena." };
    fails(await rpc(outsider, "answer_lesson_question", answer), 404, "lesson.question_not_found");
    ok(await rpc(teacher, "answer_lesson_question", answer));
    const rows = ok(await learner.client.from("lesson_questions").select("status, lesson_answers(body)").eq("id", id));
    assert.deepEqual(rows, [{ status: "answered", lesson_answers: [{ body: "Much galena." }] }]);
    const told = ok(await learner.client.from("notifications").select("kind").eq("kind", "lesson_answered"));
    assert.equal(told.length, 1);
  });

  test("keeps notes that only they find", async () => {
    ok(await learner.client.from("notes").insert({ workspace_id: workspace, lesson_id: lesson, content: "Galena shines." }));
    const search = { p_workspace_id: workspace, p_query: "galena" };
    const kinds = ok(await rpc(learner, "search_history", search)).map(({ kind }) => kind).sort();
    assert.deepEqual(kinds, ["lesson_answer", "lesson_question", "note"]);
    assert.deepEqual(ok(await rpc(teacher, "search_history", search)), []);
  });

  test("gets to the end", async () => {
    const done = ok(await rpc(learner, "mark_lesson", { p_lesson_id: lesson, p_is_done: true }));
    assert.deepEqual([done.done, done.total, done.completed_at !== null], [1, 1, true]);
    const [row] = ok(await rpc(teacher, "course_progress", { p_course_id: course }));
    assert.deepEqual([row.user_id, row.done, row.total], [learner.id, 1, 1]);
    fails(await rpc(learner, "course_progress", { p_course_id: course }), 403, "workspace.forbidden");
  });

  test("who leaves reads no more", async () => {
    ok(await rpc(teacher, "unenrol", { p_course_id: course, p_user_id: learner.id }));
    fails(await read(learner), 403, "course.not_enrolled");
    assert.doesNotMatch(await searched(learner), /317/);
    const notes = ok(await learner.client.from("notes").select("content"));
    assert.deepEqual(notes, [{ content: "Galena shines." }]);
  });

  test("readers take no seat, and nobody is invited to a seat that is not there", async () => {
    const seats = async () =>
      ok(await rpc(teacher, "billing_usage", { p_workspace_id: workspace })).find(({ metric }) => metric === "seats");
    assert.deepEqual([(await seats()).used, (await seats()).included], [2, 3]);
    const role = (p_role) =>
      rpc(teacher, "change_member_role", { p_workspace_id: workspace, p_user_id: learner.id, p_role });
    ok(await role("editor"));
    assert.equal((await seats()).used, 3);
    const invite = (p_role) =>
      rpc(teacher, "invite_member", { p_workspace_id: workspace, p_email: `late-${p_role}@example.com`, p_role });
    fails(await invite("editor"), 402, "quota.exceeded");
    ok(await invite("viewer"));
    ok(await role("viewer"));
    assert.equal((await seats()).used, 2);
  });

  test("the plan has a limit of courses", async () => {
    const insert = () => teacher.client.from("courses").insert({ workspace_id: workspace, title: "More" });
    ok(await insert());
    const { error, status } = await insert();
    assert.deepEqual([status, error.details], [402, "quota.exceeded"]);
  });
});
