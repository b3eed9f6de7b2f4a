"""What the tests of courses share: making them, and every way by which a word of a lesson could come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from tests.integration.knowledge.house import House, Row
from tests.integration.knowledge.stubs import ScriptedModel
from tests.support.actors import Actor, Cast
from tests.support.database import Database

SECRET = "zanzibarium"
TEXT = f"# The {SECRET}\n\nThe {SECRET} melts at 317 degrees, as every goldsmith of the valley knows."
QUESTION = f"At how many degrees does the {SECRET} melt?"
OPEN = "The goldsmiths of the valley open at nine and close at five."


@dataclass
class School:
    """One workspace; ``house`` has its worker."""

    house: House
    cast: Cast

    @property
    def db(self) -> Database:
        return self.house.db

    def course(self, *, is_open: bool = False, workspace_id: UUID | None = None) -> UUID:
        """A draft of the editor's, as a client makes it."""
        course_id = uuid4()
        self.write(
            self.cast.editor,
            "insert into public.courses (id, workspace_id, title, is_open) values (%s, %s, 'Metals', %s)",
            course_id,
            workspace_id or self.cast.workspace_id,
            is_open,
        )
        return course_id

    def lesson(
        self, course_id: UUID, content: str = TEXT, title: str = "Melting", published: bool = True
    ) -> UUID:
        """A lesson at the end of the course; its id is its document's."""
        found: UUID = self.call(self.cast.editor, "create_lesson", course_id, title, content, published)["id"]
        return found

    def published(self, *, is_open: bool = False, lessons: int = 1) -> tuple[UUID, list[UUID]]:
        """A published course with so many published lessons."""
        course_id = self.course(is_open=is_open)
        ids = [self.lesson(course_id, title=f"Lesson {number + 1}") for number in range(lessons)]
        self.call(self.cast.editor, "set_course_status", course_id, "published")
        return course_id, ids

    def enrol(self, course_id: UUID, learner: Actor | None = None) -> Row:
        """By the teacher; the viewer, if nobody else is named."""
        who = learner or self.cast.viewer
        return self.call(self.cast.editor, "enrol", course_id, who.user_id)

    def unenrol(self, course_id: UUID, learner: Actor | None = None) -> None:
        self.call(self.cast.editor, "unenrol", course_id, (learner or self.cast.viewer).user_id)

    def call(self, actor: Actor, function: str, *arguments: Any) -> Row:
        return self.house.call(actor, function, *arguments)

    def call_rows(self, actor: Actor, function: str, *arguments: Any) -> list[Row]:
        return self.house.call_rows(actor, function, *arguments)

    def write(self, actor: Actor, statement: str, *parameters: Any) -> int:
        """Rows touched by a statement of this user's."""
        with self.db.as_user(actor) as cursor:
            return cursor.execute(statement.encode(), parameters).rowcount

    def read(self, actor: Actor, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.db.as_user(actor) as cursor:
            return cursor.execute(query.encode(), parameters).fetchall()

    def words(self, actor: Actor, query: str = SECRET, documents: Sequence[UUID] | None = None) -> set[UUID]:
        """Documents that the search by words and by vector finds for this person at once."""
        vector = "[" + ",".join(["0.1"] * 1536) + "]"
        named = None if documents is None else list(documents)
        hits = self.call_rows(
            actor,
            "search_chunks",
            self.cast.workspace_id,
            query,
            vector,
            "offline:offline-hash-1536",
            named,
            50,
        )
        return {hit["document_id"] for hit in hits}

    async def search(self, actor: Actor, documents: Sequence[UUID] | None = None) -> list[Row]:
        """Hits of a search that the worker runs."""
        named = None if documents is None else list(documents)
        search = self.call(actor, "start_search", self.cast.workspace_id, SECRET, named, 50)
        await self.house.work_off()
        found = self.house.row("select status, results from public.searches where id = %s", search["id"])
        assert found is not None
        assert found["status"] == "complete"
        results: list[Row] = found["results"]
        return results

    async def ask(self, actor: Actor, documents: Sequence[UUID] | None = None, **named: Any) -> Row:
        """The answer to a question, written by the worker from what it was given to read."""
        self.house.model = model = ScriptedModel([["I read [1] [2] [3] [4] [5] [6] [7] [8]."]])
        asked = self.house.call(
            actor,
            "ask",
            self.cast.workspace_id,
            named.get("question", QUESTION),
            named.get("conversation_id"),
            None if documents is None else list(documents),
        )["ask"]
        await self.house.work_off()
        return self.answer(UUID(asked["answer_id"]), model)

    def answer(self, answer_id: UUID, model: ScriptedModel) -> Row:
        """The row, with what the model was given: ``sources`` and ``history``, as one text each."""
        found = self.house.row("select * from public.messages where id = %s", answer_id)
        assert found is not None
        assert found["status"] == "complete", found
        (request,) = model.requests
        return {
            **found,
            "sources": " ".join(source.text for source in request.sources),
            "history": " ".join(message.content for message in request.messages),
        }
