"""A hub of ours in a folder of its own, driven by its command as a person drives it."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.process import Run, run

ENTREPOT = Path(sys.executable).with_name("entrepot")
CONNECTORS = Path(__file__).parent / "connectors"


@dataclass(frozen=True)
class Hub:
    folder: Path
    connectors: Path = CONNECTORS

    def command(self, *words: str | Path) -> Run:
        self.folder.mkdir(parents=True, exist_ok=True)
        return run([ENTREPOT, *words], out=self.folder / "said.json", add=self._environment)

    def must(self, *words: str | Path) -> Run:
        """A step that is not measured, without which nothing can be."""
        done = self.command(*words)
        if done.failure:
            raise RuntimeError(f"entrepot {' '.join(str(word) for word in words)}: {done.said or done.failure}")
        return done

    def report(self) -> Any:
        """What the last command printed with --json."""
        return json.loads((self.folder / "said.json").read_bytes())

    def counts(self) -> dict[str, int]:
        found = self.report()
        return found["counts"] if isinstance(found, dict) else {}

    @property
    def _environment(self) -> dict[str, str]:
        return {"ENTREPOT_DATA": str(self.folder / "data"), "ENTREPOT_CONNECTORS": str(self.connectors)}
