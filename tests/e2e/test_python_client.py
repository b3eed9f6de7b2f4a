"""The main job by the Python client, which is also what the demo does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from scripts.demo.walk import Screen, walk
from scripts.stack.state import State
from tests.support.clusters import PROJECT
from tests.support.pdfs import pages

FACT = "The observatory on Mount Tarn was opened to the public on 14 June 1987 by the mayor of Elsbach."


def a_pdf_nobody_knows(folder: Path) -> Path:
    """The fact is on page 2."""
    path = folder / "observatory.pdf"
    path.write_bytes(
        pages(["A history of small observatories in the northern hills.", FACT, "Index and sources."])
    )
    return path


async def test_a_new_user_gets_a_cited_answer_streamed(stack: State, tmp_path: Path) -> None:
    stages: list[str] = []
    heard: list[str] = []
    screen = Screen(lambda status, stage: stages.append(status), heard.append)
    question = "When was the observatory on Mount Tarn opened to the public?"
    result = await walk(stack.url, stack.publishable_key, a_pdf_nobody_knows(tmp_path), question, screen)
    assert "14 June 1987" in result.answer["content"]
    assert [citation["page_from"] for citation in result.answer["citations"]] == [2]
    assert "".join(heard) == result.answer["content"]
    assert stages[-1] == "processed"
    assert set(result.timings) == {"sign up", "upload", "searchable", "answer"}


def test_the_demo_prints_it_for_scripts_too(stack: State) -> None:
    command = [sys.executable, "-m", "scripts.cli", "demo", "ask", "--json"]
    done = subprocess.run(
        command, cwd=PROJECT, env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    assert printed["answered"] is True
    assert printed["provider"] == "offline"
    assert printed["streamed"] is True
    assert printed["citations"][0]["page_from"] == 4
    assert "offline" in printed["answer"].lower()
