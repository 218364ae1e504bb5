"""A made-up service of task lists that can be written, beside the one that is only read; two of them make a pair."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from tests.journeys.conftest import Command
from tests.journeys.inside import call
from tests.standin import MANIFEST, TOKEN, Answer, Record, Shop, open_shop, write_connector

LISTS = (
    MANIFEST.partition("streams:")[0].replace("kinds: [task, event, note]", "kinds: [task]").replace("shop", "lists")
    + """\
collections:
  lists: {kind: task, request: GET /lists, id: id, name: name, writable: {open: true}}

streams:
  tasks:
    kind: task
    read: GET /tasks
    collections: lists
    collection: list
    id: id
    version: rev
    deletions: {by: absence, confirm: GET /tasks/:id}
    fields:
      title: title
      description: text
      priority: level
      updated: {at: updated, as: instant}
    write:
      create: {request: POST /tasks, body: {list: ":collection", ...: ":record"}, answer: .}
      update: {request: PATCH /tasks/:id, answer: .}
      delete: DELETE /tasks/:id
      find: {request: GET /tasks, items: items, same: [title], made: made}
      read_only: [updated]
"""
)


class Lists(Shop):
    """`lists` are those of the account; one that is not open is only read. `refuses` are titles it will not have."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: list[Record] = [
            {"id": "in", "name": "Inbox", "open": True}, {"id": "shared", "name": "Shared", "open": False}
        ]  # fmt: skip
        self.refuses: set[str] = set()
        self.written: list[str] = []
        self.page = 100

    def hold(self, number: int, title: str, **members: object) -> None:
        """As the other person would: made or edited at the service."""
        name = f"r{number:05d}"
        before = self.tasks.records.get(name, {"id": name, "list": "in", "rev": 0, "text": "", "level": None})
        self.tasks.records[name] = self._stamped({**before, "title": title, **members})

    def titles(self, of: str = "in") -> list[str]:
        return sorted(str(one["title"]) for one in self.tasks.records.values() if one["list"] == of)

    def answer(self, path_qs: str, authorization: str) -> Answer:
        if urlsplit(path_qs).path == "/lists" and self.check(authorization):
            return Answer(body=json.dumps({"items": self.lists}).encode())
        return super().answer(path_qs, authorization)

    def write(self, method: str, path: str, body: bytes, authorization: str) -> Answer:
        if not self.check(authorization):
            return Answer(401, b'{"error": "invalid_token"}')
        self.written.append(f"{method} {path}")
        sent: Record = json.loads(body or b"{}")
        if sent.get("title") in self.refuses:
            return Answer(422, b'{"message": "no such words here"}')
        name = path.split("/")[2] if method != "POST" else f"r{len(self.tasks.records) + 500:05d}"
        if method == "POST":
            made = datetime.now(UTC).isoformat()
            self.tasks.records[name] = {"id": name, "rev": 0, "text": "", "level": None, "made": made}
        if name not in self.tasks.records:
            return Answer(404)
        if method == "DELETE":
            del self.tasks.records[name]
            return Answer(204, b"")
        self.tasks.records[name] = self._stamped({**self.tasks.records[name], **sent})
        return Answer(body=json.dumps(self.tasks.records[name]).encode())

    def _stamped(self, record: Record) -> Record:
        rev = int(str(record["rev"])) + 1
        return {**record, "rev": rev, "updated": f"2026-03-02T10:{rev % 60:02d}:00Z"}


@contextmanager
def open_pair(folder: Path) -> Iterator[tuple[Command, Lists, Lists]]:
    """The command line of a hub with two of them connected, `one` and `two`, and nothing synced yet."""
    connectors = write_connector(folder / "connectors")
    (connectors / "lists").mkdir()
    (connectors / "lists" / "manifest.yaml").write_text(LISTS)
    with open_shop(Lists) as one, open_shop(Lists) as two:
        run: Command = partial(call, folder / "hub", ENTREPOT_CONNECTORS=str(connectors))
        for name, shop in (("one", one), ("two", two)):
            words = ("--name", name, "--base-url", shop.url, "--secret", f"access_token={TOKEN}")
            done = run("connect", "lists", *words)
            assert done.code == 0, done.err
        yield run, one, two


def item(run: Command, title: str) -> str:
    """The public id of the only item of this title."""
    (found,) = [one["id"] for one in run("items", "list", "--json").json() if one["data"].get("title") == title]
    return found


def record(shop: Lists, title: str) -> int:
    """The number of the only record of this title at a service."""
    (found,) = [int(name[1:]) for name, one in shop.tasks.records.items() if one["title"] == title]
    return found
