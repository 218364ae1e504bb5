"""`make run`: the whole first journey in a terminal, on loopback, with the example data; it ends by itself."""

import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bars
from rich.table import Table
from rich.text import Text

from entrepot.app.hub import Hub
from entrepot.core.errors import EntrepotError
from entrepot.core.report import Counts, Progress, Report
from entrepot.core.secret import Secret
from entrepot.testing.radicale import PASSWORD, USER, fill, radicale

ARCHIVES = Path(__file__).parents[3] / "examples" / "archives"
BAR = 40


def main() -> int:
    console = Console(highlight=False)
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="entrepot-"))
    try:
        _journey(console, folder)
    except EntrepotError as error:
        console.print(Text(f"error: {error.message}", style="bold red"))
        return 1
    finally:
        shutil.rmtree(folder / "radicale", ignore_errors=True)
    console.print(f"\nDone in {time.monotonic() - begun:.1f} s. The hub is in {folder / 'hub'}. Try next:\n")
    for line in (
        f"entrepot items export --kind play --format csv --data {folder / 'hub'} | head",
        f"entrepot runs list --data {folder / 'hub'}",
        "entrepot connectors list",
    ):
        console.print(Text(f"  .venv/bin/{line}", style="bold cyan"), soft_wrap=True)
    return 0


def _journey(console: Console, folder: Path) -> None:
    with Hub(folder / "hub") as hub, radicale(folder / "radicale") as address:
        _heading(console, "1. Import the example archives")
        first = _import(console, hub)
        _heading(console, "2. Connect to a real CalDAV server and read it")
        first.append(_sync(console, hub, address))
        _heading(console, "3. What is in the hub")
        _show(console, hub)
        _heading(console, "4. The same again")
        again = [*_import(console, hub), hub.sync("caldav")]
        _compare(console, first, again)


def _import(console: Console, hub: Hub) -> list[Report]:
    if not console.is_terminal:
        reports = hub.import_files(ARCHIVES)
    else:
        with Bars(console=console, transient=True) as bars:
            task = bars.add_task("importing", total=None)

            def move(progress: Progress) -> None:
                bars.update(task, description=f"{progress.connector}: {progress.counts.read} {progress.stream}")

            reports = hub.import_files(ARCHIVES, progress=move)
    table = Table("archive of", "read", "created", "updated", "unchanged", "refused", "seconds", box=None)
    for report in reports:
        c = report.counts
        numbers = (c.read, c.created, c.updated, c.unchanged, c.refused)
        table.add_row(report.connector, *map(str, numbers), f"{report.seconds:.2f}")
        if report.error:
            console.print(Text(f"{report.connector}: {report.error['message']}", style="red"))
    console.print(table)
    return list(reports)


def _sync(console: Console, hub: Hub, address: str) -> Report:
    fill(address, "rehearsals", "VEVENT", {f"event-{n}": _event(n) for n in range(1, 31)})
    fill(address, "errands", "VTODO", {f"task-{n}": _task(n) for n in range(1, 13)})
    hub.connect("caldav", base_url=address, secrets={"username": Secret(USER), "password": Secret(PASSWORD)})
    report = hub.sync("caldav")
    for name, counts in report.streams.items():
        console.print(f"{name}: {counts.created} new")
    if report.error:
        console.print(Text(report.error["message"], style="red"))
    return report


def _event(number: int) -> str:
    times = (
        f"DTSTART;TZID=Europe/Berlin:202612{number:02d}T193000\r\nDTEND;TZID=Europe/Berlin:202612{number:02d}T213000"
        if number % 3
        else f"DTSTART;VALUE=DATE:202612{number:02d}"
    )
    rule = "\r\nRRULE:FREQ=WEEKLY;COUNT=10" if number == 1 else ""
    return _calendar("VEVENT", number, f"{times}{rule}\r\nSUMMARY:Rehearsal {number} 🎻")


def _task(number: int) -> str:
    status = "COMPLETED\r\nCOMPLETED:20261101T080000Z" if number % 4 == 0 else "NEEDS-ACTION"
    return _calendar(
        "VTODO", number, f"SUMMARY:Errand {number}\r\nDUE;VALUE=DATE:202612{number:02d}\r\nSTATUS:{status}"
    )


def _calendar(component: str, number: int, inside: str) -> str:
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Server//EN\r\n"
        f"BEGIN:{component}\r\nUID:{component.lower()}-{number}@example.org\r\nDTSTAMP:20261101T080000Z\r\n"
        f"{inside}\r\nEND:{component}\r\nEND:VCALENDAR\r\n"
    )


def _show(console: Console, hub: Hub) -> None:
    found = sorted(hub.counts(), key=lambda row: -row.items)
    most = max((row.items for row in found), default=1)
    table = Table("kind", "source", "items", "", box=None)
    for row in found:
        bar = "█" * max(1, round(BAR * row.items / most))
        table.add_row(row.kind, row.source, str(row.items), Text(bar, style="cyan"))
    console.print(table)
    kinds = Counter[str]()
    for row in found:
        kinds[row.kind] += row.items
    console.print(f"{kinds.total()} items of {len(kinds)} kinds")


def _compare(console: Console, first: Sequence[Report], again: Sequence[Report]) -> None:
    total, repeated = Counts(), Counts()
    for report in first:
        total.add(report.counts)
    for report in again:
        repeated.add(report.counts)
    console.print(
        f"first: {total.created} created · again: {repeated.created} created, {repeated.updated} updated, "
        f"{repeated.deleted} deleted, {repeated.unchanged} unchanged"
    )
    if repeated.created or repeated.updated or repeated.deleted:
        raise SystemExit("The second reading changed something. That is a bug: please report it.")
    console.print(Text("Nothing changed, nothing is there twice.", style="green"))


def _heading(console: Console, text: str) -> None:
    console.print(Text(f"\n{text}", style="bold"))


if __name__ == "__main__":
    sys.exit(main())
