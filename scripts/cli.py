"""The command line: ``lamina``."""

from __future__ import annotations

import typer

from scripts.commands import db, demo, doctor, functions, jobs, mail, plans, seed, stack, stripe, worker

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Lamina: a Supabase-native thin backend with Python workers.",
)
for command in (
    stack.up,
    stack.down,
    stack.status,
    stack.logs,
    stack.reset,
    worker.worker,
    doctor.doctor,
    seed.seed,
):
    app.command()(command)
app.add_typer(db.app, name="db")
app.add_typer(demo.app, name="demo")
app.add_typer(functions.app, name="functions")
app.add_typer(jobs.app, name="jobs")
app.add_typer(mail.app, name="mail")
app.add_typer(plans.app, name="plans")
app.add_typer(stripe.app, name="stripe")


def main() -> None:
    """Entry point of the program ``lamina``."""
    app()


if __name__ == "__main__":
    main()
