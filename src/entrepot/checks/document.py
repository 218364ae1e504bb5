"""A vendor's published document: which operation a request is, and what is wrong with it."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec
import yaml

from entrepot.checks.discovery import openapi_of
from entrepot.checks.schema import Schema
from entrepot.transport.message import Request

Json = dict[str, Any]
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_HOST = "https://contract.invalid"
_FORM = "application/x-www-form-urlencoded"


class Operation(msgspec.Struct, frozen=True, dict=True):
    """One method of one path, with the parameters found in the request's path."""

    document: "Document"
    template: str
    method: str
    path: str
    in_path: dict[str, str]

    @cached_property
    def node(self) -> Json:
        return self.document.content["paths"][self.template][self.method]

    @cached_property
    def parameters(self) -> Sequence[Json]:
        """Those of the path and of the method, resolved."""
        shared = self.document.content["paths"][self.template].get("parameters", [])
        return [self.document.resolved(each) for each in (*shared, *self.node.get("parameters", []))]

    def answer(self) -> Schema | None:
        """The schema of the JSON in a good answer, None where the document has none."""
        responses = {str(status): each for status, each in self.node.get("responses", {}).items()}
        for status in ("200", "201", "202", "2XX", "default"):
            if status in responses:
                return self._content(self.document.resolved(responses[status]))
        return None

    def body(self, form: str = "json") -> Schema | None:
        """The schema of what is to be sent as JSON, or as a form."""
        return self._content(self.document.resolved(self.node.get("requestBody", {})), form)

    def problems(self, request: Request) -> list[str]:
        """What the document forbids or does not know."""
        return [*self._unknown(request), *self._invalid(request)]

    def _content(self, described: Json, form: str = "json") -> Schema | None:
        for media_type, each in described.get("content", {}).items():
            if form in media_type and "schema" in each:
                return Schema(each["schema"], self.document.content)
        return None

    def _unknown(self, request: Request) -> Iterator[str]:
        known = {each["name"] for each in self.parameters if each.get("in") == "query"}
        for name in dict(_query(request)):
            if name not in known:
                yield f"the parameter {name} is not in the document; there are {', '.join(sorted(known)) or 'none'}"
        is_form = request.headers.get("Content-Type") == _FORM
        body = self.body(_FORM if is_form else "json")
        sent = _sent(request.body or b"null", is_form=is_form)
        if body is None and sent:
            yield "the document knows no body here"
        if body is not None and isinstance(sent, dict):
            for path in _members(sent):
                if body.at(path).state == "missing":
                    yield f"the body's {'.'.join(path)} is not in the document"

    def _invalid(self, request: Request) -> Iterator[str]:
        for error in self.document.validator(self).iter_request_errors(_Sent(self, request)):
            cause = error.__cause__
            details = getattr(cause, "schema_errors", None)
            what = str(error).partition(": Value")[0]
            if details:
                yield from (f"{what}: {_at(each)}{each.message}" for each in details)
            else:
                yield what if cause is None or str(cause) in what else f"{what}: {cause}"

    @property
    def key(self) -> tuple[str, str]:
        return self.template, self.method

    def alone(self) -> Json:
        """The document cut to this operation: building a validator over all of a large one takes long."""
        content = self.document.content
        node = {key: value for key, value in self.node.items() if key != "security"}
        return {
            "openapi": content["openapi"],
            "info": {"title": "", "version": ""},
            "servers": [{"url": _HOST}],
            "paths": {self.template: {self.method: {**node, "parameters": list(self.parameters)}}},
            "components": content.get("components", {}),
        }


class Document(msgspec.Struct, frozen=True, dict=True):
    """OpenAPI 3, as published or made from a discovery document."""

    content: Json
    name: str

    @property
    def servers(self) -> list[str]:
        return [each.get("url", "").rstrip("/") for each in self.content.get("servers", [])]

    def validator(self, operation: Operation) -> Any:
        """Made once for each operation: many requests may be held against one."""
        from openapi_core import OpenAPI  # noqa: PLC0415 -- takes a second to load, and only this check needs it

        if operation.key not in self._validators:
            self._validators[operation.key] = OpenAPI.from_dict(operation.alone(), config=_without_self_check())
        return self._validators[operation.key]

    @cached_property
    def _validators(self) -> dict[tuple[str, str], Any]:
        return {}

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation whose path fits, the most literal one first."""
        for template, form in self._paths:
            found = form.fullmatch(path)
            if found and method.lower() in self.content["paths"][template]:
                values = dict(zip(re.findall(r"\{([^}]+)\}", template), map(unquote, found.groups()), strict=True))
                return Operation(self, template, method.lower(), path, values)
        return None

    def methods_at(self, path: str) -> list[str]:
        return [
            method.upper()
            for template, form in self._paths
            if form.fullmatch(path)
            for method in self.content["paths"][template]
            if method in _METHODS
        ]

    def resolved(self, node: Json) -> Json:
        if "$ref" not in node:
            return node
        return next(iter(Schema(node, self.content).at([]).schemas)).node

    @cached_property
    def _paths(self) -> list[tuple[str, re.Pattern[str]]]:
        forms = [(template, _form(template)) for template in self.content["paths"]]
        return sorted(forms, key=lambda each: (each[0].count("{"), -len(each[0])))


def load(path: Path, form: str) -> Document:
    """Reads a document; ValueError where it is none."""
    data = path.read_bytes()
    content = msgspec.json.decode(data) if path.suffix == ".json" else yaml.load(data, Loader=yaml.CSafeLoader)
    if form == "discovery":
        content = openapi_of(content)
    if not isinstance(content, dict) or not str(content.get("openapi", "")).startswith("3."):
        raise ValueError(f"{path.name} is not OpenAPI 3")
    return Document(content, path.name)


class _Sent:
    """A request as openapi-core wants to see it."""

    def __init__(self, operation: Operation, request: Request) -> None:
        from openapi_core.datatypes import RequestParameters  # noqa: PLC0415 -- the same second
        from werkzeug.datastructures import Headers, ImmutableMultiDict  # noqa: PLC0415 -- comes with it

        headers = {name: str(value) for name, value in request.headers.items()}
        self.parameters = RequestParameters(
            path=operation.in_path, query=ImmutableMultiDict(_query(request)), header=Headers(headers)
        )
        self.host_url = _HOST
        self.path = operation.path
        self.method = operation.method
        self.content_type = headers.get("Content-Type", "application/json")
        self.body = request.body


def _without_self_check() -> Any:
    from openapi_core import Config  # noqa: PLC0415 -- the same second

    # The vendor's document is what we hold to, not what we judge.
    return Config(spec_validator_cls=None)  # pyright: ignore[reportArgumentType]  # its documentation says None turns it off


def _sent(body: bytes, *, is_form: bool) -> Any:
    return dict(parse_qsl(body.decode(), keep_blank_values=True)) if is_form else msgspec.json.decode(body)


def _query(request: Request) -> list[tuple[str, str]]:
    found = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    for name, value in request.params.items():
        each = value if isinstance(value, list | tuple) else [] if value is None else [value]
        found += [(name, _text(one)) for one in each]
    return found


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _members(sent: Json, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, value in sent.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _members(value, (*above, name))
        elif isinstance(value, list):
            for each in value:
                if isinstance(each, dict):
                    yield from _members(each, (*above, name, "*"))


def _form(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("([^/]+)" if part.startswith("{") else re.escape(part) for part in parts))


def _at(error: Any) -> str:
    where = ".".join(str(step) for step in error.absolute_path)
    return f"{where}: " if where else ""
