"""All commands by name. Each noun's module is loaded only when its command is called."""

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

from cyclopts import App, CycloptsError

from entrepot import __version__
from entrepot.cli.outcome import DONE, FAILED, as_json, code_of
from entrepot.cli.output import Output
from entrepot.core.errors import EntrepotError, PersonMustFix

COLLECT_SELDOM = (100_000, 50, 100)
"""Records make no reference cycles, and a thousand a page set the collector off again and again: at Python's own
thresholds it costs an import a third of its processor time."""

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})

MODULES = {
    "import": ("importing:import_files", "Bring in what you downloaded: files, folders, archives."),
    "connect": ("connecting:connect", "Give the hub permission at a service."),
    "sync": ("syncing:sync", "Bring the hub and services to agree; --dry-run shows the plan."),
    "items": ("items:app", "What is in the hub: list, show, export, add, edit, undo."),
    "collections": ("collections:app", "Calendars, lists, notebooks, and what is attached to them."),
    "conflicts": ("conflicts:app", "What both sides edited differently: list, show, resolve."),
    "mapping": ("mapping:app", "Which field comes from where: show, set, suggest."),
    "integrations": ("integrations:app", "Connected accounts and imported archives."),
    "connectors": ("connectors:app", "What can be connected."),
    "runs": ("runs:app", "What was done, and what was set aside; pause, cancel, undo."),
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
        suppress_keyboard_interrupt=False,  # how to go on after it is for us to say
    )
    for name, (place, about) in MODULES.items():
        app.command(f"entrepot.cli.{place}", name=name, help=about)
    return app


def run(words: Sequence[str]) -> int:
    """The exit code of one command line; every expected failure is one sentence, never a traceback."""
    gc.set_threshold(*COLLECT_SELDOM)
    output = Output(json="--json" in words)
    try:
        code = int(command_line()(list(words), exit_on_error=False, print_error=False) or DONE)
        sys.stdout.flush()
    except CycloptsError as error:
        command = " ".join(("entrepot", *(error.command_chain or ())))
        return _refuse(output, PersonMustFix(f"{error} See: {command} --help"))
    except EntrepotError as error:
        return _refuse(output, error)
    except BrokenPipeError:
        _abandon_output()
        return DONE
    except KeyboardInterrupt:
        output.note("Stopped. What was read is kept; the same command goes on from there.")
        return 130
    except Exception as bug:  # noqa: BLE001 -- the front door: whoever knocks gets a sentence, too, and an exit code
        return _unexpected(output, bug)
    return code


def _unexpected(output: Output, problem: Exception) -> int:
    if isinstance(problem, OSError) and problem.errno in NO_ROOM:
        _abandon_output()
        output.error(f"The output cannot be written: {problem.strerror}. What was done is kept in the hub.")
        return FAILED
    traceback.print_exception(problem)
    message = f"Something unexpected happened ({type(problem).__name__}). This is a bug: please report it."
    if output.json:
        output.value({"error": {"code": "bug", "message": message}})
    else:
        output.error(message)
    return FAILED


def _abandon_output() -> None:
    """What is still buffered goes nowhere; Python would try to write it once more at the end, and complain."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refuse(output: Output, error: EntrepotError) -> int:
    if output.json:
        output.value(as_json(error))
    else:
        output.error(error.message)
    return code_of(error)
