"""`entrepot connectors`: what can be connected."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from entrepot.cli.options import STANDARD, Common
from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.scaffold import scaffold

app = App(name="connectors", help="The services that can be connected.")
app.command("entrepot.cli.connector_details:show", name="show")
app.command("entrepot.cli.connector_details:check", name="check")


@app.command(name="list")
def list_(*, common: Common = STANDARD) -> None:
    """All connectors, built in and your own."""
    output = common.output()
    found = Catalog(common.settings().connectors).listing()
    if output.json:
        keys = ("id", "name", "summary", "kinds", "reads", "docs")
        output.value([{key: getattr(entry, key) for key in keys} for entry in found])
        return
    rows = [(e.id, e.name, ", ".join(e.reads), ", ".join(e.kinds), e.summary) for e in found]
    output.table(("id", "name", "reads", "kinds", ""), rows)


@app.command
def new(
    name: str,
    /,
    *,
    like: Annotated[str | None, Parameter(help="A connector to start from.")] = None,
    into: Annotated[Path, Parameter(help="The folder to make it in.")] = Path("connectors"),
    common: Common = STANDARD,
) -> None:
    """Write the folder of a new connector, ready to be filled in."""
    output = common.output()
    start = Catalog(common.settings().connectors).entry(like) if like else None
    try:
        folder = scaffold(name, into, start)
    except OSError as problem:
        raise PersonMustFix(f"{into / name} cannot be written: {problem.strerror}.") from None
    if output.json:
        output.value({"folder": str(folder)})
    else:
        output.say(f"Written: {folder}. Point ENTREPOT_CONNECTORS at {into}, then: entrepot connectors check {name}")
