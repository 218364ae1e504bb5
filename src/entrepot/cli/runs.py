"""`entrepot runs`: what was done and how it ended."""

import shlex
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from entrepot.app.hub import Hub
from entrepot.app.views import RunView
from entrepot.cli.item_history import row
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.output import FIRST_STEP, Output
from entrepot.cli.reports import finish

app = App(name="runs", help="Imports and syncs, newest first.")

COUNTED = ("seconds", "read", "created", "updated", "sent", "refused")


@app.command(name="list")
def list_(*, limit: Annotated[int, Parameter(validator=Number(gte=0))] = 50, common: Common = STANDARD) -> None:
    """The newest runs."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.runs(limit=limit))
    if output.json:
        output.value(found)
        return
    columns = ("run", "integration", "status", "started", *(f"#{name}" for name in COUNTED))
    output.table(
        columns,
        [
            (
                r.run,
                r.integration,
                r.status,
                r.started,
                f"{r.seconds:.1f}",
                c.read,
                c.created,
                c.updated,
                c.sent,
                c.refused,
            )
            for r in found
            for c in (r.counts,)
        ],
        empty=f"Nothing was imported or synced yet. {FIRST_STEP}",
    )


@app.command
def show(run: str, /, *, common: Common = STANDARD) -> int:
    """One run with its counts and every record it refused."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        report = hub.run(run)
    return finish(output, [report])


@app.command
def pause(run: str, /, *, common: Common = STANDARD) -> None:
    """Let a run stop after its page; `resume` lets it go on."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.pause(run)
    when = "It stops after its page." if found.status == "running" else "It is paused."
    _steered(output, found, f"{when} To let it go on: entrepot runs resume {run}")


@app.command
def resume(run: str, /, *, common: Common = STANDARD) -> None:
    """Let a paused run go on: the next sync does."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.resume(run)
    again = f"entrepot sync {shlex.quote(found.integration)}" if found.task == "sync" else "the same import once more"
    _steered(output, found, "It goes on." if found.status == "running" else f"It goes on with: {again}")


@app.command
def cancel(run: str, /, *, common: Common = STANDARD) -> None:
    """Let a run end after its page. What was done stays; `undo` takes it back."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.cancel(run)
    _steered(output, found, "It ends after its page." if found.status == "running" else "It is cancelled.")


@app.command
def undo(
    run: str,
    /,
    *,
    dry_run: Annotated[bool, Parameter(negative="", help="Only show what would go back.")] = False,
    common: Common = STANDARD,
) -> None:
    """Take back what a run changed, on both sides, but for what was edited since."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.undo_run(run, dry_run=dry_run)
    if output.json:
        output.value(done)
        return
    if dry_run:
        output.table(("entry", "at", "where", "action", "fields", ""), [row(one) for one in done.changes])
    output.say(f"{done.undone} changes {'were' if done.kept else 'would be'} undone, {done.left} stay.", style="bold")
    output.note("The next sync brings it to the services: entrepot sync" if done.kept else "Nothing was changed.")


@app.command
def discard(run: str, /, *, common: Common = STANDARD) -> None:
    """Forget what a run read before a brake stopped it; the next sync lists everything anew."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.discard_run(run)
    if output.json:
        output.value(done)
        return
    output.say(f"Discarded: {done.forgotten} records that were read and not followed are forgotten.")
    again = shlex.quote(done.integration)
    output.note(f"entrepot sync {again} lists everything anew. If nothing is better, it is stopped again.")


def _steered(output: Output, found: RunView, words: str) -> None:
    if output.json:
        output.value(found)
    else:
        output.say(f"{found.run}: {words}")
