"""``lamina demo``: the main job on a real PDF, from sign-up to the cited answer; and how billing goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from scripts.billing.target import twin_till
from scripts.commands.readable import readable_errors
from scripts.demo.billing_walk import Step, billing_walk
from scripts.demo.visitor import DemoFailed
from scripts.demo.walk import Screen, Walk, walk
from scripts.stack.settings import PROJECT, StackSettings
from scripts.stack.state import State
from scripts.stack.supervisor import running, start_detached, stop_running

HANDBOOK = PROJECT / "scripts" / "demo" / "handbook.pdf"
HANDBOOK_QUESTION = "How many weeks of parental leave does the company pay for?"

app = typer.Typer(no_args_is_help=True, help="See it work.")
console = Console(soft_wrap=True, highlight=False)


@app.callback()
def demo() -> None:
    """See it work."""


@app.command()
def ask(
    pdf: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Any PDF with text.")] = HANDBOOK,
    question: Annotated[str, typer.Option(help="What to ask it.")] = "",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the platform running.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Sign a user up, upload a PDF, wait until it is searchable, ask, and hear the answer stream in."""
    asked = question or (HANDBOOK_QUESTION if pdf == HANDBOOK else "What is this document about?")
    with readable_errors(), _platform(keep, quiet=as_json) as state:
        result = asyncio.run(
            walk(state.url, state.publishable_key, pdf, asked, _silent() if as_json else _screen())
        )
        _print_json(result) if as_json else _print(result, state, keep)


@app.command()
def billing(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the platform running.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Buy a plan, change it, buy credits, use some, cancel: all offline, no money moves."""
    with readable_errors(), _platform(keep, quiet=as_json) as state:
        if twin_till(state) is None:
            raise DemoFailed("This demo presses Pay, so it needs the offline twin: unset STRIPE_SECRET_KEY.")
        if not as_json:
            console.print("OFFLINE: a stand-in for Stripe on this machine. No money moves.\n", style="bold")
        tell = _keep_quiet if as_json else _show_step
        steps = asyncio.run(billing_walk(state.url, state.publishable_key, tell))
        if as_json:
            print(json.dumps([_step_values(step) for step in steps], indent=2))
        elif keep:
            console.print(f"\nIt goes on running at {state.url} (stop it with: lamina down)")


def _keep_quiet(step: Step) -> None:
    """With --json only the result is printed."""


def _show_step(step: Step) -> None:
    console.print(f"{step.name:<42}[dim]{step.seconds * 1000:7.0f} ms[/dim]")
    for line in step.says:
        console.print(f"  {line}", markup=False, style="dim")


def _step_values(step: Step) -> dict[str, object]:
    return {"step": step.name, "ms": round(step.seconds * 1000), **step.facts}


@contextmanager
def _platform(keep: bool, *, quiet: bool) -> Iterator[State]:
    """The one that runs, or one for the time of the demo."""
    settings = StackSettings()
    state = running(settings)
    was_running = state is not None
    try:
        if state is None:
            with console.status("Starting the local platform …") if not quiet else _nothing():
                state = start_detached(settings)
        yield state
    finally:
        if not was_running and not keep:
            stop_running(settings)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def _screen() -> Screen:
    seen: list[str] = []

    def stage(status: str, name: str) -> None:
        line = f"{status} {name}".strip()
        if seen[-1:] != [line]:
            seen.append(line)
            console.print(f"[dim]  {line}[/dim]")

    def delta(text: str) -> None:
        console.print(text, end="", markup=False)

    return Screen(stage, delta)


def _silent() -> Screen:
    return Screen(lambda status, name: None, lambda text: None)


def _print(result: Walk, state: State, keep: bool) -> None:
    answer = result.answer
    if not result.streamed:
        console.print(answer["content"], markup=False, end="")
    console.print("\n")
    for citation in answer["citations"]:
        quote = " ".join(citation["quote"].split())[:160]
        console.print(
            f"  [{citation['ordinal']}] {citation['title']}, page {citation['page_from']}", markup=False
        )
        console.print(f"[dim]      chunk {citation['chunk_id']}: {quote} …[/dim]")
    who = f"{answer['provider']} · {answer['model']}"
    note = (
        " (no language model: the answer is quoted from the document)"
        if answer["provider"] == "offline"
        else ""
    )
    console.print(f"\nAnswered by {who}{note}")
    for name, seconds in result.timings.items():
        console.print(f"  {name:<12} {seconds * 1000:7.0f} ms")
    console.print(
        f"  {'of which first word':<19} {answer['first_token_ms']} ms after the worker began", style="dim"
    )
    if keep:
        console.print(f"\nIt goes on running at {state.url} (stop it with: lamina down)")


def _print_json(result: Walk) -> None:
    timings = {name: round(seconds * 1000) for name, seconds in result.timings.items()}
    print(
        json.dumps(
            {
                "question": result.question,
                "answer": result.answer["content"],
                "answered": result.answer["answered"],
                "citations": result.answer["citations"],
                "provider": result.answer["provider"],
                "streamed": result.streamed == result.answer["content"],
                "timings_ms": timings,
            },
            indent=2,
        )
    )
