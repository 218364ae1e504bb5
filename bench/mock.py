"""The mock service in a process of its own, so that it is on nobody's bill."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.process import ROOT, environment


@dataclass(frozen=True)
class Mock:
    address: str

    def requests(self) -> int:
        """How many pages were asked for since this was last asked."""
        return int(self._call("GET", "requests")["requests"])

    def edit(self) -> None:
        """From now on one record in a hundred is another."""
        self._call("POST", "edit")

    def reset(self) -> None:
        self._call("POST", "reset")

    def _call(self, method: str, path: str) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.address}/{path}", method=method)  # noqa: S310 -- our own loopback
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 -- the same
            return json.load(answer)


@contextmanager
def serving(records: int, delay: float = 0.0) -> Iterator[Mock]:
    words = ["--records", records, "--delay", delay, "--changed", records // 100]
    command = [sys.executable, "-m", "bench.service", *(str(word) for word in words)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment({}), cwd=ROOT)  # noqa: S603 -- ourselves
    try:
        assert server.stdout is not None
        yield Mock(server.stdout.readline().decode().strip())
    finally:
        server.terminate()
        server.wait(10)
