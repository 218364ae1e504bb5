"""`entrepot runs`: what was done and how it ended."""

from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.output import FIRST_STEP
from entrepot.cli.reports import finish

app = App(name="runs", help="Imports and syncs, newest first.")


@app.command(name="list")
def list_(*, limit: Annotated[int, Parameter(validator=Number(gte=0))] = 50, common: Common = STANDARD) -> None:
    """The newest runs."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.runs(limit=limit))
    if output.json:
        output.value(found)
        return
    columns = ("run", "connector", "status", "started", "#seconds", "#read", "#created", "#updated", "#refused")
    output.table(
        columns,
        [
            (r.run, r.connector, r.status, r.started, f"{r.seconds:.1f}", c.read, c.created, c.updated, c.refused)
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
