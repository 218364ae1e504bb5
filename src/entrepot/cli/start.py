"""The command line's front door: parse, call, and turn what went wrong into a sentence and an exit code."""

import sys
from collections.abc import Sequence
from importlib import import_module

from entrepot import __version__


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: the table is in `cli.outcome`."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words == ["--version"]:
        print(__version__)
        return 0
    # The parser costs more than the whole of --version, so it is loaded only now.
    return int(import_module("entrepot.cli.commands").run(words))
