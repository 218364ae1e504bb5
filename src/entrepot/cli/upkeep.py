"""`entrepot doctor` and `entrepot backup`."""

from pathlib import Path

from entrepot.app.hub import Hub
from entrepot.app.upkeep import RESTORE, Finding
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.outcome import DONE, FAILED

_STYLES = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


def doctor(*, common: Common = STANDARD) -> int:
    """Is everything in order? The answer holds no secret and may be pasted into a report."""
    output = common.output()
    findings: list[Finding] = []
    with Hub(settings=common.settings()) as hub:
        for finding in hub.examine():
            findings.append(finding)
            output.say(f"{finding.state:>8}  {finding.what}: {finding.text}", style=_STYLES[finding.state])
    if output.json:
        output.value(findings)
    return FAILED if any(finding.state == "wrong" for finding in findings) else DONE


def backup(file: Path, /, *, common: Common = STANDARD) -> None:
    """A consistent copy of the database, while the hub runs. The master key is not in it: keep that elsewhere."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        hub.backup(file)
    if output.json:
        output.value({"file": str(file), "bytes": file.stat().st_size})
    else:
        output.say(f"Written: {file}. The master key and the files in the hub's folder under blobs are not in it.")
        output.say(RESTORE)
