"""`entrepot items`: what is in the hub, listed, shown and exported; and what can be done to each."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter
from cyclopts.validators import Number

from entrepot.app.export import write
from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.output import FIRST_STEP

SOURCE = "Name or id of an integration, a connector, or hub for what was made there."

app = App(name="items", help="The records in the hub.")
for _verb in ("add", "edit", "delete", "restore", "move"):
    app.command(f"entrepot.cli.item_changes:{_verb}", name=_verb)
for _verb in ("history", "undo", "revert"):
    app.command(f"entrepot.cli.item_history:{_verb}", name=_verb)


@app.command(name="list")
def list_(
    *,
    kind: str | None = None,
    source: Annotated[str | None, Parameter(help=SOURCE)] = None,
    collection: Annotated[str | None, Parameter(help="Only those in it: an id or name.")] = None,
    deleted: Annotated[bool, Parameter(negative="", help="Also what was deleted.")] = False,
    limit: Annotated[int, Parameter(validator=Number(gte=0))] = 50,
    common: Common = STANDARD,
) -> None:
    """Some items; `export` gives all of them."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        presence = "any" if deleted else "present"
        found = list(hub.items(kind=kind, source=source, collection=collection, presence=presence, limit=limit))
    if output.json:
        output.value(found)
        return
    rows = [(i.id, i.kind, i.title, i.source.platform, i.updated_at.strftime("%Y-%m-%d %H:%M")) for i in found]
    output.table(("id", "kind", "title", "source", "updated"), rows, empty=f"There are no such items. {FIRST_STEP}")


@app.command
def show(item: str, /, *, common: Common = STANDARD) -> None:
    """One item with everything known about it."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.item(item)
    if output.json:
        output.value(found)
    else:
        output.raw_line(msgspec.json.format(msgspec.json.encode(found), indent=2))


@app.command
def export(
    *,
    kind: Annotated[str, Parameter(help="task, event, play, …: entrepot items export --kind task")],
    source: Annotated[str | None, Parameter(help=SOURCE)] = None,
    format_: Annotated[Literal["jsonl", "csv", "parquet"], Parameter(name="--format")] = "jsonl",
    to: Annotated[Path | None, Parameter(help="A file; standard output without it.")] = None,
    deleted: Annotated[bool, Parameter(negative="", help="Also what was deleted at its source.")] = False,
    common: Common = STANDARD,
) -> None:
    """All items of a kind, as JSON Lines, CSV or Parquet."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.items(kind=kind, source=source, presence="any" if deleted else "present")
        if output.json and to is None:
            output.array(found)
            return
        count = write(found, format_, kind, to=to, stdout=output.data)
    if output.json:
        output.value({"written": count, "file": str(to)})
    else:
        output.note(f"{count} items written" + (f" to {to}." if to else "."))
