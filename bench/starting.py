"""How long the program takes to start: its version, and a list of a hundred connectors."""

import re
import shutil
from pathlib import Path

from bench.hub import Hub
from bench.process import ROOT
from bench.record import Record, Row, together

TIMES = 9
FOLDERS = 100
VERSION_MOST, LIST_MOST = 0.15, 0.5
MODELS = ("todoist", "notion", "github")
BUILT_IN = ROOT / "src" / "entrepot" / "connectors"


def start(record: Record, folder: Path) -> None:
    copies = folder / "connectors"
    made = copy_connectors(copies)
    hub = Hub(folder / "hub", copies)
    version = together(record, "start: --version", [hub.command("--version") for _ in range(TIMES)])
    record.limit("start: entrepot --version", version.seconds, VERSION_MOST, "s")
    listed = together(
        record, "start: connectors list", [hub.command("connectors", "list", "--json") for _ in range(TIMES)]
    )
    found = len(hub.report())
    if found < made:
        record.add(Row("start: entrepot connectors list", f"≤ {LIST_MOST:g} s", f"listed {found} of {made}", met=False))
        return
    record.limit(f"start: entrepot connectors list, {found} connectors", listed.seconds, LIST_MOST, "s")


def copy_connectors(into: Path) -> int:
    """A hundred folders, each a real manifest under another id."""
    models = [BUILT_IN / name for name in MODELS if (BUILT_IN / name / "manifest.yaml").exists()]
    for number in range(FOLDERS):
        model = models[number % len(models)]
        made = into / f"bench{number:03d}"
        shutil.copytree(model, made, ignore=shutil.ignore_patterns("__pycache__", "fixtures"))
        manifest = made / "manifest.yaml"
        manifest.write_text(re.sub(r"^id: .*$", f"id: {made.name}", manifest.read_text(), count=1, flags=re.MULTILINE))
    return FOLDERS
