"""`entrepot collections`: the containers in the hub."""

from cyclopts import App

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common

app = App(name="collections", help="Containers of items: calendars, lists, notebooks.")


@app.command(name="list")
def list_(*, common: Common = STANDARD) -> None:
    """All collections with how many items each holds."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.collections())
    if output.json:
        output.value(found)
        return
    output.table(
        ("id", "kind", "name", "#items"),
        [(c.id, c.kind, c.name, c.items) for c in found],
        empty="There are no collections yet.",
    )
