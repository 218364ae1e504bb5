"""All commands by name. Each noun's module is loaded only when its command is called."""

import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError

from entrepot import __version__
from entrepot.cli.outcome import as_json, code_of
from entrepot.cli.output import Output
from entrepot.core.errors import EntrepotError, PersonMustFix

MODULES = {
    "import": "entrepot.cli.importing:import_files",
    "connectors": "entrepot.cli.connectors:app",
    "connect": "entrepot.cli.connecting:connect",
    "integrations": "entrepot.cli.integrations:app",
    "sync": "entrepot.cli.syncing:sync",
    "runs": "entrepot.cli.runs:app",
    "collections": "entrepot.cli.collections:app",
    "items": "entrepot.cli.items:app",
    "app": "entrepot.cli.registrations:app",
    "keys": "entrepot.cli.keys:app",
    "doctor": "entrepot.cli.upkeep:doctor",
    "backup": "entrepot.cli.upkeep:backup",
}
"""Command → where its function or its group of commands is."""


def command_line() -> App:
    app = App(
        name="entrepot",
        help="Bring what you have in other services into one hub, and keep it there.",
        version=__version__,
        result_action="return_value",
    )
    for name, place in MODULES.items():
        app.command(place, name=name)
    return app


def run(words: Sequence[str]) -> int:
    """The exit code of one command line; every expected failure is one sentence, never a traceback."""
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
