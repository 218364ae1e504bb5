"""`entrepot conflicts`: what both sides edited differently and no policy settles."""

from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from entrepot.app.hub import Hub
from entrepot.app.settling import ConflictDetails, Settled
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.outcome import DONE, SOME_REFUSED
from entrepot.cli.output import Output
from entrepot.core.errors import PersonMustFix

app = App(name="conflicts", help="What both sides edited differently, and waits for you.")

WHOLE = "(the record)"


@app.command(name="list")
def list_(*, limit: Annotated[int, Parameter(validator=Number(gte=0))] = 1000, common: Common = STANDARD) -> None:
    """Those that are open, the oldest first."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.conflicts(limit=limit))
    if output.json:
        output.value(found)
        return
    rows = [(c.id, c.title, c.field or WHOLE, c.integration, c.collection, c.at, c.words) for c in found]
    columns = ("id", "title", "field", "integration", "collection", "since", "")
    output.table(columns, rows, empty="There are no open conflicts.")
    if found:
        output.note(f"To see one: entrepot conflicts show {found[0].id}")


@app.command
def show(conflict: str, /, *, common: Common = STANDARD) -> None:
    """The value of each side, who gave it and when."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.conflict(conflict)
    if output.json:
        output.value(found)
    else:
        _tell(output, found)


@app.command
def resolve(
    conflict: Annotated[str | None, Parameter(help="Its id, or that of an item for all of its conflicts.")] = None,
    /,
    *,
    field: Annotated[str | None, Parameter(help="Only the one about this field.")] = None,
    use: Annotated[
        Literal["hub", "remote", "base", "merged"] | None, Parameter(help="Whose value it is to be.")
    ] = None,
    value: Annotated[str | None, Parameter(help="Your own, in place of --use.", allow_leading_hyphen=True)] = None,
    all_: Annotated[bool, Parameter(name="--all", negative="", help="All that are open.")] = False,
    common: Common = STANDARD,
) -> int:
    """Say what it is to be. The next sync tells the service."""
    output = common.output()
    if all_ == (conflict is not None):
        raise PersonMustFix("Name a conflict or an item, or say --all.")
    with Hub(settings=common.settings()) as hub:
        if conflict is None:
            done = hub.resolve_all(field=field, use=use, value=value)
        else:
            done = hub.resolve(conflict, field=field, use=use, value=value)
        waits = [one.integration for one in hub.waiting()]
    return _finish(output, done, waits)


def _finish(output: Output, done: Settled, waits: list[str]) -> int:
    code = SOME_REFUSED if done.left else DONE
    if output.json:
        output.value(done)
        return code
    output.say(f"Settled: {len(done.resolved)}.", style="green")
    for public, why in done.left:
        output.say(f"{public} stays open: {why}", style="yellow")
    if done.resolved and waits:
        output.note(f"Next: entrepot sync ({', '.join(waits)} will hear of it).")
    return code


def _tell(output: Output, found: ConflictDetails) -> None:
    output.say(f"{found.title}: {found.field or WHOLE} {found.words}", style="bold")
    rows = [
        ("base", _text(found.base), "", ""),
        ("hub", _text(found.hub), found.by_hub.by, found.by_hub.at),
        ("remote", _text(found.remote), found.by_remote.by, found.by_remote.at),
    ]
    if found.merged is not None:
        rows.append(("merged", _text(found.merged), "", ""))
    output.table(("", "value", "by", "at"), rows)
    for place in found.clashes:
        if place:
            output.say(f"  they clash at {'.'.join(place)}")
    if found.closed:
        output.note(f"Settled: {found.closed}.")
        return
    uses = "hub|remote" if not found.field else "hub|remote|base|merged"
    output.note(
        f"To settle it: entrepot conflicts resolve {found.id} --use {uses}" + (", or --value V" if found.field else "")
    )


def _text(value: object) -> str:
    return "(none)" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
