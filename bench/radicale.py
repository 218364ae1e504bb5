"""A Radicale that logs each request, so that requests can be counted, and a calendar of any size in it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote

from bench.process import environment

USER, PASSWORD, CALENDAR = "bench", "bench", "calendar"
START = datetime(2026, 1, 1, 8, tzinfo=UTC)
_STARTS_WITHIN = 20.0


@dataclass(frozen=True)
class Server:
    address: str
    log: Path
    storage: Path

    def requests(self) -> int:
        """All since it started."""
        return self.log.read_bytes().count(b" request for ")

    def fill(self, calendar: str, events: int) -> None:
        """Straight into the storage folder: 2,000 requests would take longer than the measurement."""
        _fill(self.storage / calendar, events)

    def remove(self, calendar: str) -> None:
        shutil.rmtree(self.storage / calendar)

    def titles(self, calendar: str) -> Mapping[str, str]:
        """Title by UID of what is there."""
        texts = [file.read_text() for file in (self.storage / calendar).glob("*.ics")]
        return {_line("UID", text): _line("SUMMARY", text) for text in texts}

    def names(self, calendar: str) -> Mapping[str, str]:
        """File name by UID: who copied an event chose it."""
        return {_line("UID", file.read_text()): file.name for file in (self.storage / calendar).glob("*.ics")}

    def put(self, number: int, title: str, *, calendar: str = CALENDAR, name: str = "") -> None:
        path = f"/{USER}/{calendar}/{quote(name) or f'event-{number:05d}.ics'}"
        token = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        headers = {"Content-Type": "text/calendar; charset=utf-8", "Authorization": f"Basic {token}"}
        connection = HTTPConnection(self.address.removeprefix("http://"), timeout=30)
        try:
            connection.request("PUT", path, event(number, title).encode(), headers)
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        if answer.status not in {201, 204}:
            raise RuntimeError(f"PUT {path}: {answer.status} {answer.reason}")


@contextmanager
def radicale(folder: Path, events: int) -> Generator[Server]:
    folder.mkdir(parents=True)
    storage = folder / "collections" / "collection-root" / USER
    if events:
        _fill(storage / CALENDAR, events)
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = int(taken.getsockname()[1])
    settings = {
        "server-hosts": f"127.0.0.1:{port}",
        "auth-type": "htpasswd",
        "auth-htpasswd-filename": folder / "users",
        "auth-htpasswd-encryption": "plain",
        "auth-delay": 0,
        "storage-filesystem-folder": folder / "collections",
        "logging-level": "info",
    }
    words = [str(word) for name, value in settings.items() for word in (f"--{name}", value)]
    command = [sys.executable, "-m", "radicale", "--config", os.devnull, *words]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment({}))  # noqa: S603 -- our own words
        try:
            _wait(port)
            yield Server(f"http://127.0.0.1:{port}", folder / "log", storage)
        finally:
            server.terminate()
            server.wait(10)


def event(number: int, title: str) -> str:
    begins = START + timedelta(hours=number * 3)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Entrepot//bench//EN",
        "BEGIN:VEVENT",
        f"UID:event-{number:05d}@example.org",
        f"DTSTAMP:{START:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{begins:%Y%m%dT%H%M%SZ}",
        f"DTEND:{begins + timedelta(hours=1):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{title} {number}",
        "LOCATION:Room 4",
        "DESCRIPTION:The agenda\\, the minutes of the last time\\, and what was decided.",
        *(["RRULE:FREQ=WEEKLY;COUNT=10"] if number % 10 == 0 else []),
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    return "\r\n".join(lines)


def _fill(folder: Path, events: int) -> None:
    folder.mkdir(parents=True)
    properties = {"tag": "VCALENDAR", "D:displayname": folder.name, "C:supported-calendar-component-set": "VEVENT"}
    (folder / ".Radicale.props").write_text(json.dumps(properties))
    for number in range(events):
        (folder / f"event-{number:05d}.ics").write_text(event(number, "Meeting"), newline="")


def _line(name: str, text: str) -> str:
    return next(line.removeprefix(f"{name}:") for line in text.splitlines() if line.startswith(f"{name}:"))


def _wait(port: int) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("Radicale did not start")
