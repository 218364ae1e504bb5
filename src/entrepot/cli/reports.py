"""What a run did, as a table for people or as JSON, and the exit code it means."""

import shlex
from collections.abc import Sequence

import msgspec

from entrepot.cli.outcome import DONE, ERROR_CODES, FAILED, SOME_REFUSED, STATUS_CODES
from entrepot.cli.output import Output
from entrepot.core.report import Report

SHOWN_REFUSED = 10
COUNTS = ("read", "created", "updated", "unchanged", "deleted", "refused", "sent")


def finish(output: Output, reports: Sequence[Report], *, always_array: bool = False) -> int:
    """Print the reports of one command: one object for one, an array for several; return the worst exit code."""
    if output.json:
        output.value(reports[0] if len(reports) == 1 and not always_array else list(reports))
    else:
        for report in reports:
            show(output, report)
    return max((code_of(report) for report in reports), default=DONE)


def code_of(report: Report) -> int:
    if report.status == "failed" and report.error:
        return ERROR_CODES.get(report.error["code"], FAILED)
    code = STATUS_CODES[report.status]
    return SOME_REFUSED if code == DONE and report.counts.refused else code


def show(output: Output, report: Report) -> None:
    name = report.integration or report.connector
    head = f"{name}: {report.status} in {report.seconds:.1f} s"
    if report.run:
        head += f" ({report.run})"
    output.say(head, style="bold" if report.status == "done" else "bold red")
    rows = [(name, *msgspec.structs.astuple(counts)) for name, counts in report.streams.items()]
    if rows:
        output.table(("stream", *(f"#{name}" for name in COUNTS)), rows)
    for bad in report.refused[:SHOWN_REFUSED]:
        output.say(f"  refused {bad.where}: {bad.reason}", style="yellow")
    if report.counts.refused > SHOWN_REFUSED:
        output.say(f"  … {report.counts.refused - SHOWN_REFUSED} more: entrepot runs show {report.run}", style="yellow")
    if report.error:
        output.error(report.error["message"])
    if report.status == "stopped":
        name = shlex.quote(name)
        output.note(f"What it would do: entrepot sync {name} --dry-run")
        output.note(f"If that is right: entrepot sync {name} --confirm {report.run}")
        output.note(f"If it is not, and the service is to be asked anew: entrepot runs discard {report.run}")
