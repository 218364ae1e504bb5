"""Progress bars on a terminal; nothing where there is none, or with `--json`."""

from collections.abc import Generator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from entrepot.cli.output import Output
from entrepot.core.report import Progress, Watch


@contextmanager
def shown(output: Output) -> Generator[Watch | None]:
    """A function to call after each page, which moves one bar a stream."""
    if output.json or not output.notes.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=output.notes, transient=True) as bars:
        known: dict[str, TaskID] = {}

        def move(progress: Progress) -> None:
            name = f"{progress.connector} {progress.stream}"
            if name not in known:
                known[name] = bars.add_task(name, total=progress.total)
            bars.update(known[name], completed=progress.counts.read, total=progress.total)

        yield move
