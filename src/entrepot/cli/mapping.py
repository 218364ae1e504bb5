"""`entrepot mapping`: which field of a stream comes from where, as the connector has it and as a person wants it."""

import shlex
from collections.abc import Sequence
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from entrepot.app.hub import Hub
from entrepot.app.mapping import MappingView
from entrepot.cli.options import STANDARD, Common, pairs
from entrepot.cli.output import Output
from entrepot.sdk.mapping_preview import Preview

app = App(name="mapping", help="Which field comes from where.")

NOTHING = "(nothing)"


@app.command
def show(integration: str, stream: str, /, *, common: Common = STANDARD) -> None:
    """The lines of a stream: the connector's own, and what was changed in them."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.mapping(integration, stream)
    if output.json:
        output.value(found)
    else:
        _lines(output, found)


@app.command(name="set")
def set_(
    integration: str,
    stream: str,
    /,
    *lines: Annotated[str, Parameter(help="FIELD=PLACE, FIELD='{at: PLACE, as: FORM}', or FIELD= to leave it out.")],
    default: Annotated[list[str] | None, Parameter(help="A field that goes back to the connector's own line.")] = None,
    reset: Annotated[bool, Parameter(negative="", help="All fields go back.")] = False,
    dry_run: Annotated[bool, Parameter(negative="", help="Only show what it would do.")] = False,
    common: Common = STANDARD,
) -> None:
    """Say which field comes from where, and see on some records what that does."""
    output = common.output()
    wanted = pairs(list(lines), "The line")
    with Hub(settings=common.settings()) as hub:
        done = hub.map_fields(integration, stream, lines=wanted, default=default or (), reset=reset, dry_run=dry_run)
    if output.json:
        output.value(done)
        return
    _lines(output, done.mapping)
    _records(output, done.records)
    output.note(f"The next sync reads {stream} again." if done.kept else "Nothing was changed.")


@app.command
def suggest(integration: str, stream: str, /, *, common: Common = STANDARD) -> None:
    """Lines for the columns that the service has, by their names, types and values. Nothing is applied."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.suggest_mapping(integration, stream))
    if output.json:
        output.value(found)
        return
    rows = [(one.field, f"{one.score:.2f}", one.line, one.now or NOTHING, one.reason) for one in found]
    output.table(("field", "#score", "line", "now", "why"), rows, empty="There is nothing to propose.")
    if found:
        words = shlex.join((integration, stream, f"{found[0].field}={found[0].line}"))
        output.note(f"To take one: entrepot mapping set {words}")


def _lines(output: Output, found: MappingView) -> None:
    rows = [(one.field, one.line or NOTHING, one.default if one.default is not None else "") for one in found.lines]
    output.table(("field", "line", "instead of"), rows, empty="The connector has no lines that could be changed.")


def _records(output: Output, records: Sequence[Preview]) -> None:
    shown = [
        (record.name, one.field, _text(one.before), _text(one.after), one.stays)
        for record in records
        for one in record.differences
    ]
    refused = [(record.name, "", "", "", f"would be refused: {record.refused}") for record in records if record.refused]
    columns = ("record", "field", "before", "after", "")
    output.table(columns, [*shown, *refused], empty=f"None of {len(records)} records would read differently.")


def _text(value: object) -> str:
    return "" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()
