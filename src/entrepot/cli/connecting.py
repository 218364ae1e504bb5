"""`entrepot connect`: give the hub permission at a service."""

import sys
import webbrowser
from collections.abc import Mapping, Sequence
from getpass import getpass
from typing import Annotated

from cyclopts import Parameter

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common, pairs
from entrepot.cli.output import Output
from entrepot.cli.secrets import read_secrets
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.sdk.manifest_auth import Asked


class AtTerminal:
    """The person at this terminal. The address to visit and all questions go to stderr, out of the way of data."""

    def __init__(self, output: Output, *, browser: bool) -> None:
        self._notes = output.notes
        self._browser = browser

    def visit(self, url: str) -> None:
        if self._browser and webbrowser.open(url):
            self._notes.print("Your browser asks for your permission. If it did not open, go to:")
        else:
            self._notes.print("Go to this address and give your permission:")
        self._notes.print(url, markup=False)

    def answer(self, asked: Sequence[Asked], help_: str) -> Mapping[str, Secret]:
        if help_:
            self._notes.print(help_, markup=False)
        answers: dict[str, Secret] = {}
        for field in asked:
            words = f"{field.label}{' (may be empty)' if field.optional else ''}: "
            value = self._ask(words, hidden=field.secret).strip()
            if value:
                answers[field.name] = Secret(value)
        return answers

    def _ask(self, words: str, *, hidden: bool) -> str:
        try:
            return getpass(words, sys.stderr) if hidden else self._notes.input(words, markup=False)
        except EOFError:
            raise PersonMustFix("Nothing was entered, so nothing was connected.") from None


def connect(
    connector: Annotated[str, Parameter(help="Its name, or with a provider: caldav:fastmail.")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="What to call this account in the hub.")] = None,
    set_: Annotated[list[str] | None, Parameter(name="--set", negative="", help="KEY=VALUE of the connector.")] = None,
    secret: Annotated[
        list[str] | None, Parameter(negative="", help="KEY=VALUE, KEY=@FILE or KEY=- (standard input).")
    ] = None,
    base_url: Annotated[str | None, Parameter(help="Your own server, or a stand-in.")] = None,
    port: Annotated[int, Parameter(help="The port of the redirect address, where the service wants a fixed one.")] = 0,
    write: Annotated[bool, Parameter(negative="", help="Ask for permission to write, too: for two-way sync.")] = False,
    no_browser: Annotated[bool, Parameter(negative="", help="Only print the address to visit.")] = False,
    common: Common = STANDARD,
) -> None:
    """Connect an account: in the browser, with a key, or with a password, as the service has it."""
    output = common.output()
    there = sys.stdin.isatty() and sys.stderr.isatty()
    person = AtTerminal(output, browser=not no_browser) if there or no_browser else None
    with Hub(settings=common.settings()) as hub:
        found = hub.connect(
            connector,
            name=name,
            settings=pairs(set_ or [], "--set"),
            secrets=read_secrets(secret or []),
            base_url=base_url,
            port=port,
            write=write,
            person=person,
        )
    if output.json:
        output.value(found)
        return
    who = f" as {found.account_name or found.account_id}" if found.account_name or found.account_id else ""
    output.say(f"Connected{who}: {found.name} ({found.id}). Next: entrepot sync {found.name}", style="green")
