"""A course of the example team: somebody new learns how the house measures and talks."""

from __future__ import annotations

from typing import Any

from scripts.seed.person import Person

COURSE = "Your first week"
LESSONS = (
    (
        "How we measure",
        "# How we measure\n\nEvery tide gauge is calibrated against the reference in Brest before it leaves "
        "the house. A gauge that drifts by more than 4 millimetres in a year is replaced at our cost.",
    ),
    (
        "How we talk to harbours",
        "# How we talk to harbours\n\nA harbour master is called back on the same day. We give levels in "
        "metres above chart datum and never round them up.",
    ),
)
NOTE = "Ask in Brest which reference is used for the drift."
QUESTION = "Who pays when a gauge drifts by 3 millimetres?"
ANSWER = "The customer: three millimetres a year are within the four we allow."


def plant_course(teacher: Person, learner: Person, workspace_id: str) -> int:
    """How much was not there before: the course, its lessons, what the learner did. Raises SeedFailed."""
    new = 0
    if not teacher.rows("courses", workspace_id=workspace_id, title=COURSE):
        teacher.insert("courses", workspace_id=workspace_id, title=COURSE, is_open=True)
        new += 1
    course_id = teacher.rows("courses", workspace_id=workspace_id, title=COURSE)[0]["id"]
    for title, content in LESSONS:
        if not teacher.rows("lessons", course_id=course_id, title=title):
            teacher.rpc("create_lesson", course_id=course_id, title=title, content=content, is_published=True)
            new += 1
    teacher.rpc("set_course_status", course_id=course_id, status="published")
    lesson = teacher.rows("lessons", course_id=course_id, title=LESSONS[0][0])[0]
    return new + _study(teacher, learner, lesson)


def _study(teacher: Person, learner: Person, lesson: dict[str, Any]) -> int:
    """The learner comes, is done with the first lesson, writes a note and asks; the teacher answers."""
    if learner.rows("notes", lesson_id=lesson["id"]):
        return 0
    learner.rpc("enrol", course_id=lesson["course_id"])
    learner.rpc("mark_lesson", lesson_id=lesson["id"], is_done=True)
    key = f"seed:{lesson['id']}"
    asked = learner.rpc(
        "ask_lesson", lesson_id=lesson["id"], question=QUESTION, audience="teacher", idempotency_key=key
    )
    if asked["status"] == "open":
        teacher.rpc("answer_lesson_question", question_id=asked["id"], body=ANSWER)
    learner.insert("notes", workspace_id=lesson["workspace_id"], lesson_id=lesson["id"], content=NOTE)
    return 1
