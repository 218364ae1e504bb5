"""`entrepot app`: the client id and secret that a hub uses at a service's OAuth server."""

from typing import Annotated

from cyclopts import App, Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.secrets import read_secret

app = App(name="app", help="App registrations: what you got when you registered the hub at a service.")


@app.command(name="set")
def set_(
    connector: str,
    /,
    *,
    client_id: str,
    client_secret: Annotated[
        str | None,
        Parameter(help="@FILE, or - for standard input; never the secret itself.", allow_leading_hyphen=True),
    ] = None,
    common: Common = STANDARD,
) -> None:
    """Keep an app registration in the vault. `<CONNECTOR>_CLIENT_ID` in the environment goes before it."""
    output = common.output()
    secret = read_secret("--client-secret", client_secret, allow_plain=False) if client_secret else None
    with Hub(settings=common.settings()) as hub:
        hub.register_app(connector, client_id=client_id, client_secret=secret)
    if output.json:
        output.value({"connector": connector, "client_id": client_id})
    else:
        output.say(f"Kept. Next: entrepot connect {connector}")
