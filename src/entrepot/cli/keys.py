"""`entrepot keys`: the master key of the vault."""

from cyclopts import App

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common

app = App(name="keys", help="The master key that wraps every secret in the hub.")


@app.command
def rotate(*, common: Common = STANDARD) -> None:
    """Wrap everything with a new master key, while the hub runs; safe to repeat after an interruption."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        count = hub.rotate_keys()
    if output.json:
        output.value({"rewrapped": count})
    else:
        output.say(f"Done: {count} data keys are wrapped by the new master key.")
