"""All commands by name. Each noun's module is loaded only when its command is called."""

import gc
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from entrepot import __version__
from entrepot.cli.outcome import as_json, code_of
from entrepot.cli.output import Output
from entrepot.core.errors import EntrepotError, PersonMustFix

COLLECT_SELDOM = (100_000, 50, 100)
"""Records make no reference cycles, and a thousand a page set the collector off again and again: at Python's own
thresholds it costs an import a third of its processor time."""

MODULES = {
    "import": ("importing:import_files", "Bring in what you downloaded: files, folders, archives."),
    "connect": ("connecting:connect", "Give the hub permission at a service."),
    "sync": ("syncing:sync", "Read what changed at a service."),
    "items": ("items:app", "What is in the hub: list, show, export."),
    "collections": ("collections:app", "Calendars, lists, notebooks."),
    "integrations": ("integrations:app", "Connected accounts and imported archives."),
    "connectors": ("connectors:app", "What can be connected."),
    "runs": ("runs:app", "What was done, and what was set aside."),
    "app": ("registrations:app", "App registrations at services' OAuth servers."),
    "keys": ("keys:app", "The master key of the vault."),
    "doctor": ("upkeep:doctor", "Is everything in order?"),
    "backup": ("upkeep:backup", "A consistent copy of the database."),
}
"""Command → where its function or group is, and what it is for."""


def command_line() -> App:
    app = App(
        name="entrepot",
        help="Bring what you have in other services into one hub, and keep it there.",
        version=__version__,
        result_action="return_value",
    )
    for name, (place, about) in MODULES.items():
        app.command(f"entrepot.cli.{place}", name=name, help=about)
    return app


def run(words: Sequence[str]) -> int:
    """The exit code of one command line; every expected failure is one sentence, never a traceback."""
    gc.set_threshold(*COLLECT_SELDOM)
    output = Output(json="--json" in words)
    try:
        return int(command_line()(list(words), exit_on_error=False, print_error=False) or 0)
    except CycloptsError as error:
        return _refuse(output, PersonMustFix(f"{error} See: entrepot --help"))
    except EntrepotError as error:
        return _refuse(output, error)
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except KeyboardInterrupt:
        output.note("Stopped. What was read is kept; the same command goes on from there.")
        return 130


def _refuse(output: Output, error: EntrepotError) -> int:
    if output.json:
        output.value(as_json(error))
    else:
        output.error(error.message)
    return code_of(error)
