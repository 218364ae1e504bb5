"""The command line called without a process of its own: what it prints, and the code it would end with."""

import io
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

from entrepot.cli.start import main
from tests.journeys.conftest import Done, environment


def call(data: Path, *words: str | Path, stdin: str = "", **more: str) -> Done:
    """With the surroundings of the process that it stands for; a second is saved each time."""
    out, err, before = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.StringIO(stdin)
    try:
        with (
            patch.dict(os.environ, environment(data, **more), clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = main([str(word) for word in words])
    finally:
        sys.stdin = before
    return Done(code, out.getvalue(), err.getvalue())
