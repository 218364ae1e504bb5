"""`entrepot doctor` and `entrepot backup`."""

from pathlib import Path

from entrepot.app.hub import Hub
from entrepot.cli.options import STANDARD, Common
from entrepot.cli.outcome import DONE, FAILED

_STYLES = {"ok": "green", "warning": "yellow", "wrong": "bold red"}


def doctor(*, common: Common = STANDARD) -> int:
    """Is everything in order? The answer holds no secret and may be pasted into a report."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        findings = hub.examine()
    if output.json:
        output.value(findings)
    for finding in findings:
        output.say(f"{finding.state:>8}  {finding.what}: {finding.text}", style=_STYLES[finding.state])
    return FAILED if any(finding.state == "wrong" for finding in findings) else DONE


def backup(file: Path, /, *, common: Common = STANDARD) -> None:
    """A consistent copy of the database, while the hub runs. The master key is not in it: keep that elsewhere."""
    output = common.output()
    with Hub(settings=common.settings()) as hub:
        hub.backup(file)
    if output.json:
        output.value({"file": str(file), "bytes": file.stat().st_size})
    else:
        output.say(f"Written: {file}. Kept files are in the hub's folder under blobs; the master key is not in it.")
