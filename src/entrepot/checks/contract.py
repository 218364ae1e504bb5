"""The contract rule: every request, every field read and every value of a table, held against the vendor's document.

What stands in no document must be named in the manifest's `contract.unverified`: a call (`GET /user`) or a place
(`due.date`) as it is written in the manifest; what a document requires and the service does not, by call and member.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from entrepot.checks.asked import Asked, Looked, requests_of
from entrepot.checks.asked_writes import writes_of
from entrepot.checks.document import Document, Operation, load
from entrepot.checks.graphql_document import GraphQLDocument
from entrepot.checks.schema import Found, Schema
from entrepot.checks.subject import NOT_CHECKED, Subject
from entrepot.core.path import steps
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_settings import Contract
from entrepot.transport.message import Request


class Answered(msgspec.Struct, frozen=True):
    """A request and the schema of its answer, None where the document has none."""

    asked: Asked
    schema: Schema | None


def contract_is_held(subject: Subject) -> list[str]:
    manifest = subject.manifest
    if manifest is None or not subject.is_live:
        return []
    contract = manifest.contract
    if contract is None:
        return ["the manifest names no `contract`; where none is published, say `format: none` and what is unverified"]
    if contract.format == "none":
        return [] if contract.unverified else ["without a contract, `unverified` says what was not checked"]
    if manifest.uses:
        return [f"{NOT_CHECKED}its requests are made in Python"]
    return _held(subject, manifest, contract)


def _held(subject: Subject, manifest: Manifest, contract: Contract) -> list[str]:
    if subject.contracts is None or not subject.contracts.is_dir():
        return [f"{NOT_CHECKED}the folder of contracts is absent"]
    paths = _paths(contract, subject.contracts)
    missing = [path.name for path in paths if not path.is_file()]
    if missing or not paths:
        return [f"there is no document {', '.join(missing) or 'named'} in the folder of contracts"]
    try:
        held = Held(manifest, contract, paths)
        asked = chain(requests_of(subject.entry, manifest), writes_of(subject.entry, manifest))
        in_python = [f"{NOT_CHECKED}its writes are made in Python"] if manifest.writer else []
        return [*dict.fromkeys(held.problems(asked)), *in_python]
    except ImportError:
        return [f"{NOT_CHECKED}this needs more packages: pip install 'entrepot[checks]'"]


class Held:
    """One manifest against its documents."""

    def __init__(self, manifest: Manifest, contract: Contract, paths: Sequence[Path]) -> None:
        self._manifest = manifest
        self._prefix = contract.prefix.rstrip("/")
        self._unverified = "\n".join(contract.unverified)
        self._graphql = GraphQLDocument(paths[0]) if contract.format == "graphql" else None
        self._documents = [] if self._graphql else [load(path, contract.format) for path in paths]

    def problems(self, asked: Iterator[Asked]) -> Iterator[str]:
        answered: list[Answered] = []
        for each in asked:
            wrong, schema = self._query(each) if self._graphql else self._request(each)
            yield from (f"{each.where} ({each.call}): {problem}" for problem in wrong)
            answered.append(Answered(each, schema))
        yield from self._fields(answered)

    def _request(self, asked: Asked) -> tuple[list[str], Schema | None]:
        """What is wrong with it, and the schema of its answer."""
        request, wrong = asked.best(lambda each: self._judge(asked, each))
        operation = self._operation(request)
        return wrong, operation.answer() if operation else None

    def _operation(self, request: Request) -> Operation | None:
        path = _path(self._prefix, request.url)
        found = (document.operation(request.method, path) for document in self._documents)
        return next(filter(None, found), None)

    def _judge(self, asked: Asked, request: Request) -> list[str]:
        path = _path(self._prefix, request.url)
        operation = self._operation(request)
        if operation is not None:
            wrong = (each for each in operation.problems(request) if not self._excuses(asked.call, each))
            return [*self._address(operation.document, request.url, path), *wrong]
        if self._names_call(asked.call):
            return []
        others = sorted({method for document in self._documents for method in document.methods_at(path)})
        if others:
            return [f"{path} has no {request.method} in the document, but {', '.join(others)}"]
        return [f"the document has no path {path}"]

    def _address(self, document: Document, url: str, path: str) -> list[str]:
        """Whether the document's server and path are the address that will be asked."""
        base = (self._manifest.http.base_url or "").rstrip("/")
        asked = (url if "://" in url else f"{base}{url}").partition("?")[0]
        if not (base or "://" in url) or any(
            not server.startswith("http") or "{" in server for server in document.servers
        ):
            return []
        meant = [f"{server}{path}" for server in document.servers]
        return [] if not meant or asked in meant else [f"{asked} is not where the document says: {meant[0]}"]

    def _query(self, asked: Asked) -> tuple[list[str], Schema | None]:
        document = self._graphql
        assert document is not None

        def judge(request: Request) -> list[str]:
            query, variables = _query_of(request)
            return document.problems(query, variables) if query else ["this is no GraphQL request"]

        request, wrong = asked.best(judge)
        query, _ = _query_of(request)
        if not query and self._names_call(asked.call):
            return [], None
        return wrong, None if wrong else document.answer(query)

    def _fields(self, answered: Sequence[Answered]) -> Iterator[str]:
        """A field of a stream must be in one of its answers, everything else in its own."""
        groups: dict[tuple[str, str], list[tuple[Looked, Answered]]] = {}
        for each in answered:
            for looked in each.asked.looked:
                shared = each.asked.stream is not None and not looked.where.endswith((".id", ".paging"))
                place = f"{looked.where} {looked.written or looked.path}"
                groups.setdefault((place, "" if shared else each.asked.where), []).append((looked, each))
        for group in groups.values():
            yield from self._look(group)

    def _look(self, group: Sequence[tuple[Looked, Answered]]) -> Iterator[str]:
        looked = group[0][0]
        path = looked.written or looked.path
        if self._names(path):
            return
        found = [each.schema.at(steps(one.path)) for one, each in group if each.schema is not None]
        if not found:
            yield from self._unseen(looked, path, group)
            return
        best = _best(found)
        if best.state == "missing":
            yield f"{looked.where} reads {path}, which is not in the answer the document describes"
        elif best.state == "open":
            yield from self._unseen(looked, path, group)
        else:
            yield from _values(looked, path, set[Any]().union(*(each.values() for each in found)))

    def _unseen(self, looked: Looked, path: str, group: Sequence[tuple[Looked, Answered]]) -> Iterator[str]:
        """The document says nothing about it; the manifest must, of the place or of all that the call answers."""
        if not any(self._names_call(each.asked.call) for _, each in group):
            yield f"{looked.where} reads {path}, which the document does not describe: name it in `contract.unverified`"

    def _names(self, path: str) -> bool:
        """The place, or one it stands in, as a word of its own in `unverified`."""
        parts = path.split(".")
        places = [".".join(parts[: end + 1]) for end in range(len(parts))]
        return any(re.search(rf"(?<![\w./:]){re.escape(place)}(?!\w|\.\w)", self._unverified) for place in places)

    def _excuses(self, call: str, problem: str) -> bool:
        """What the document requires and the service does not: one sentence names the call and the member."""
        required = re.search(r"'(\w+)' is a required property", problem)
        return required is not None and any(
            call in sentence and re.search(rf"\b{required[1]}\b", sentence)
            for sentence in self._unverified.splitlines()
        )

    def _names_call(self, call: str) -> bool:
        return re.search(rf"{re.escape(call)}(?![\w/:.])", self._unverified) is not None


def _query_of(request: Request) -> tuple[str, dict[str, Any]]:
    sent: Any = msgspec.json.decode(request.body) if request.body else {}
    return sent.get("query", ""), sent.get("variables", {})


def _values(looked: Looked, path: str, documented: set[Any]) -> Iterator[str]:
    if looked.use == "read" or not documented:
        return
    there, known = {_key(value) for value in documented}, {_key(value) for value in looked.values}
    ignored = {_key(value) for value in looked.ignored}
    for value in sorted(known - there, key=str):
        yield f"{looked.where} knows {value[1]!r}, which is not a documented value of {path}"
    if looked.use == "table":
        for value in sorted(there - known - ignored, key=str):
            yield f"{looked.where} has no row for {value[1]!r}, a documented value of {path}; or name it in `ignored`"


def _key(value: Any) -> tuple[bool, Any]:
    return isinstance(value, bool), value  # True is not 1 in JSON


def _best(found: Sequence[Found]) -> Found:
    order = ("described", "open", "missing")
    return min(found, key=lambda each: order.index(each.state))


def _path(prefix: str, url: str) -> str:
    return urlsplit(url).path if "://" in url else f"{prefix}{urlsplit(url).path}"


def _paths(contract: Contract, folder: Path) -> list[Path]:
    names = [*([contract.document] if contract.document else []), *contract.documents]
    return [folder / name for name in names]
