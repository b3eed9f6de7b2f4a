"""``lamina seed``: a team with every role, documents and answers to play with."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from scripts.commands.readable import CommandFailed, readable_errors
from scripts.doctor.target import PlatformSettings, Target, find_target
from scripts.seed.content import LOCAL_PASSWORD, WORKSPACE
from scripts.seed.person import SeedFailed
from scripts.seed.plant import STEPS, Planted, plant
from scripts.stack.settings import StackSettings
from scripts.stack.supervisor import running

LOOPBACK = ("127.0.0.1", "localhost", "::1")

console = Console(soft_wrap=True, highlight=False)


def seed(
    password: Annotated[
        str | None, typer.Option(help=f"Of all example users; on the local platform {LOCAL_PASSWORD}.")
    ] = None,
    not_local: Annotated[
        bool, typer.Option("--yes-this-is-not-local", help="Also where other people may be.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For scripts.")] = False,
) -> None:
    """Plant an example team through the doors a user has; run again, it adds only what is missing."""
    with readable_errors():
        url, key, password = _where(
            find_target(PlatformSettings(), running(StackSettings())), password, not_local
        )
        try:
            planted = _plant(url, key, password, quiet=as_json)
        except SeedFailed as error:
            raise CommandFailed(str(error)) from error
    if as_json:
        print(json.dumps(_values(planted, url, password), indent=2))
    else:
        _show(planted, url, password)


def _where(target: Target | None, password: str | None, not_local: bool) -> tuple[str, str, str]:
    """URL, publishable key and password. Raises CommandFailed when it would not be on this machine."""
    if target is None:
        raise CommandFailed("No platform to seed: start the local one (lamina up).")
    if target.url is None or target.publishable_key is None:
        raise CommandFailed(
            "Set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY, or unset both for the local platform."
        )
    if urlsplit(target.url).hostname in LOOPBACK:
        return target.url, target.publishable_key, password or LOCAL_PASSWORD
    if not not_local:
        raise CommandFailed(f"{target.url} is not this machine; if you mean it: --yes-this-is-not-local")
    if password is None:
        raise CommandFailed("Give the example users a password of your own: --password …")
    return target.url, target.publishable_key, password


def _plant(url: str, key: str, password: str, *, quiet: bool) -> Planted:
    columns = (BarColumn(bar_width=24), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=quiet) as progress:
        task = progress.add_task("", total=STEPS)

        def tell(what: str) -> None:
            progress.update(task, advance=1, description=what)

        return plant(url, key, password, tell)


def _show(planted: Planted, url: str, password: str) -> None:
    console.print(f"{WORKSPACE} at {url}" + ("" if planted.new else " [dim](was there already)[/dim]"))
    console.print("\nWho can log in, all with the password ", end="")
    console.print(password, markup=False)
    for role, address in planted.emails.items():
        console.print(f"  {role:<10} {address}")
    console.print("\nWhat they know")
    for document in planted.documents:
        pages = f", {document['page_count']} pages" if document["kind"] == "pdf" else ""
        console.print(f"  {document['title']} ({document['chunk_count']} passages{pages})", markup=False)
    console.print("\nWhat was asked")
    for answer in planted.answers:
        console.print(f"  {answer['question']}", markup=False)
        console.print(f"    {' '.join(answer['content'].split())}", markup=False, style="dim")


def _values(planted: Planted, url: str, password: str) -> dict[str, object]:
    return {
        "url": url,
        "password": password,
        "workspace_id": planted.workspace_id,
        "users": planted.emails,
        "documents": [row["title"] for row in planted.documents],
        "answers": [{"question": row["question"], "answer": row["content"]} for row in planted.answers],
        "new": planted.new,
    }
