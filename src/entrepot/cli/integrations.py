"""`entrepot integrations`: the accounts that are connected, and the archives that were imported."""

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.output import FIRST_STEP
from entrepot.cli.policies import NOBODY, Who, shown_policy

app = App(name="integrations", help="Connected accounts and imported archives.")


@app.command(name="list")
def list_(*, common: Common = STANDARD) -> None:
    """All integrations with their state."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = list(hub.integrations())
    if output.json:
        output.value(found)
        return
    rows = [(i.id, i.name, i.connector, i.mode, i.account_name or "", i.status) for i in found]
    output.table(
        ("id", "name", "connector", "mode", "account", "status"), rows, empty=f"Nothing is connected. {FIRST_STEP}"
    )


@app.command
def show(integration: str, /, *, common: Common = STANDARD) -> None:
    """One integration, by id or name."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.integration(integration)
    if output.json:
        output.value(found)
        return
    output.table(("", ""), [(k, v) for k, v in msgspec.structs.asdict(found).items() if v not in (None, "", {})])


@app.command
def test(integration: str, /, *, common: Common = STANDARD) -> None:
    """Ask the service who we are: the cheapest proof that the connection works."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        account = hub.test(integration)
    if output.json:
        output.value({"account": account})
    else:
        output.say(f"It works: connected as {account.name or account.id}.", style="green")


@app.command
def policy(integration: str, /, *, who: Who = NOBODY, common: Common = STANDARD) -> None:
    """Who wins wherever it takes part and the collection says nothing else. Without options: as it is."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        found = hub.integration_policy(integration, **who.said())
    shown_policy(output, found)


@app.command
def remove(
    integration: str,
    /,
    *,
    delete_data: Annotated[bool, Parameter(negative="", help="Also delete what came from it.")] = False,
    common: Common = STANDARD,
) -> None:
    """Forget an integration and its credential; what it brought stays unless --delete-data.

    What other services are attached to stays in any case.
    """
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        removed = hub.remove(integration, delete_data=delete_data)
    if output.json:
        output.value({"removed": removed.id, "items_deleted": removed.items_deleted})
    else:
        output.say(f"Removed {integration}; {removed.items_deleted} items deleted.")
