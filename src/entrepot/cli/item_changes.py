"""`entrepot items add`, `edit` and the like: changes at the hub, which the next sync tells whatever is attached."""

from typing import Annotated

from cyclopts import Parameter

from entrepot.app.editing import Edited
from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common, pairs
from entrepot.cli.output import Output

SetOption = Annotated[
    list[str] | None,
    Parameter(name="--set", negative="", help="FIELD=VALUE; lists as a,b or JSON; FIELD= empties it. May be repeated."),
]


def add(
    *,
    kind: Annotated[str | None, Parameter(help="task, event, …; that of the collection without it.")] = None,
    collection: Annotated[str | None, Parameter(help="Where it goes: an id or name.")] = None,
    set_: SetOption = None,
    common: Common = STANDARD,
) -> None:
    """Make a new item."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.add(pairs(set_ or [], "--set"), kind=kind, collection=collection)
    _tell(output, done, "Added")


def edit(item: str, /, *, set_: SetOption = None, common: Common = STANDARD) -> None:
    """Change fields of an item; the others stay as they are."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.edit(item, pairs(set_ or [], "--set"))
    _tell(output, done, "Changed")


def delete(item: str, /, *, common: Common = STANDARD) -> None:
    """Delete an item, here and wherever it is attached. `restore` brings it back."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.delete(item)
    _tell(output, done, "Deleted")


def restore(item: str, /, *, common: Common = STANDARD) -> None:
    """Bring a deleted item back, here and wherever it is attached."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.restore(item)
    _tell(output, done, "Restored")


def move(item: str, collection: str, /, *, common: Common = STANDARD) -> None:
    """Move an item into another collection of its kind."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        done = hub.move(item, collection)
    _tell(output, done, "Moved")


def _tell(output: Output, done: Edited, what: str) -> None:
    if output.json:
        output.value(done)
        return
    if not done.changed:
        output.say(f"Nothing to do: {done.item.title or done.item.id} is like that already.")
        return
    output.say(f"{what}: {done.item.title} ({done.item.id}).", style="green")
    if done.goes_to:
        output.note(f"Next: entrepot sync ({', '.join(done.goes_to)} will hear of it).")
