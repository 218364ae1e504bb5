"""The peers, each in an environment of its own: their dependencies and ours exclude each other."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from bench.process import ROOT, environment

FOLDER = ROOT / "bench-results" / "peers"
PACKAGES: Mapping[str, str] = MappingProxyType(
    {
        "airbyte-cdk": "airbyte-cdk>=7",
        "singer-sdk": "singer-sdk>=0.54",
        "dlt": "dlt[duckdb,parquet]>=1.20",
        "vdirsyncer": "vdirsyncer>=0.20",
    }
)


@dataclass(frozen=True)
class Installed:
    """`failure` says why it could not be installed; then `program` names nothing."""

    name: str
    version: str = ""
    failure: str = ""

    def program(self, name: str) -> Path:
        return FOLDER / self.name / "bin" / name


def install(name: str) -> Installed:
    """At first use from the package index; later as it is."""
    folder = FOLDER / name
    if not (folder / "made").exists():
        failure = _call(sys.executable, "-m", "venv", folder) or _call(
            folder / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGES[name]
        )
        if failure:
            return Installed(name, failure=failure)
        (folder / "made").touch()
    ask = f"import importlib.metadata as m; print(m.version({name!r}))"
    answer = subprocess.run(  # noqa: S603 -- the peer's own interpreter
        [str(folder / "bin" / "python"), "-c", ask], capture_output=True, text=True, check=False
    )
    return Installed(name, answer.stdout.strip())


def _call(*command: str | Path) -> str:
    """Why it failed, in a line; empty if it went well."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment({}))  # noqa: S603 -- pip and venv
    if not done.returncode:
        return ""
    last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["nothing said"]
    return f"could not be installed: {last[0][:160]}"
