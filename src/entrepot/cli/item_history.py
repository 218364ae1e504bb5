"""`entrepot items history`, `undo` and `revert`: what was done to an item, and taking it back."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from cyclopts.validators import Number

from entrepot.app.history import EntryView, Taken
from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.output import Output


def history(
    item: str, /, *, limit: Annotated[int, Parameter(validator=Number(gte=0))] = 100, common: Common = STANDARD
) -> None:
    """What was done to an item, on which side, by whom and why; the newest first."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.history(item, limit=limit))
    if output.json:
        output.value(found)
        return
    output.table(
        ("entry", "at", "where", "action", "fields", ""),
        [row(one) for one in found],
        empty="Nothing was done to it one by one: it follows its source as a whole.",
    )
    for one in found:
        for choice in one.choices:
            output.say(f"{one.id}: {choice.field or 'the record'} {choice.words}. Not chosen: {_text(choice.lost)}")
    if any(one.choices for one in found):
        output.note("To use the other value: entrepot items revert ENTRY [--field F]")


def undo(entry: str, /, *, common: Common = STANDARD) -> None:
    """Take one change back, on both sides; what was edited since stays."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.undo(entry)
    _tell(output, done)


def revert(
    entry: str,
    /,
    *,
    field: Annotated[str | None, Parameter(help="Only of this field.")] = None,
    common: Common = STANDARD,
) -> None:
    """Use the value that a policy did not choose."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.use_other(entry, field=field)
    _tell(output, done)


def row(one: EntryView) -> tuple[object, ...]:
    where = one.side if one.integration is None else f"{one.side} ({one.integration})"
    words = f"{one.words} (undone)" if one.undone else one.words
    return (one.id, one.at, where, one.action, ", ".join(one.fields), words)


def _tell(output: Output, done: Taken) -> None:
    if output.json:
        output.value(done)
    elif done.undone:
        output.say(f"Done: {done.item} is as it was.", style="green")
        output.note("The next sync brings it to the services: entrepot sync")
    else:
        output.say(f"{done.item} stays as it is: it was edited since, or there is nothing to go back to.")


def _text(value: object) -> str:
    return "that it goes" if value is None else msgspec.json.encode(value).decode()
