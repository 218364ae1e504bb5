"""Google's discovery documents made into OpenAPI, so that one way of checking holds both to account.

https://developers.google.com/discovery/v1/reference/apis
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
_SCHEMA_WORDS = ("type", "enum", "items", "properties", "additionalProperties", "pattern")
_LIMITS = ("minimum", "maximum")


def openapi_of(discovery: Json) -> Json:
    paths: dict[str, Json] = {}
    common = discovery.get("parameters", {})
    for method in _methods(discovery):
        path = "/" + method["path"].replace("{+", "{").lstrip("/")
        paths.setdefault(path, {})[method["httpMethod"].lower()] = _operation(method, common)
    return {
        "openapi": "3.0.3",
        "info": {"title": discovery.get("name", ""), "version": discovery.get("version", "")},
        "servers": [{"url": discovery.get("baseUrl", "").rstrip("/")}],
        "paths": paths,
        "components": {"schemas": {name: _schema(each) for name, each in discovery.get("schemas", {}).items()}},
    }


def _methods(part: Json) -> Iterator[Json]:
    yield from part.get("methods", {}).values()
    for resource in part.get("resources", {}).values():
        yield from _methods(resource)


def _operation(method: Json, common: Json) -> Json:
    operation: Json = {
        "parameters": [_parameter(name, each) for name, each in {**common, **method.get("parameters", {})}.items()],
        "responses": {"200": {"description": "", **_content(method.get("response"))}},
    }
    if "request" in method:
        operation["requestBody"] = {"required": True, **_content(method["request"])}
    return operation


def _content(reference: Json | None) -> Json:
    return {"content": {"application/json": {"schema": _schema(reference)}}} if reference else {}


def _parameter(name: str, parameter: Json) -> Json:
    schema = _schema(parameter)
    if parameter.get("repeated"):
        schema = {"type": "array", "items": schema}
    place = parameter.get("location", "query")
    return {
        "name": name,
        "in": place,
        "required": place == "path" or parameter.get("required", False),
        "schema": schema,
    }


def _schema(node: Json) -> Json:
    if "$ref" in node:
        return {"$ref": f"#/components/schemas/{node['$ref']}"}
    made: Json = {word: node[word] for word in _SCHEMA_WORDS if word in node}
    if made.get("type") == "any":
        del made["type"]
    if node.get("type") == "string" and node.get("format") == "date-time":
        made["format"] = "date-time"
    if node.get("type") in {"integer", "number"}:
        made |= {word: float(node[word]) for word in _LIMITS if word in node}  # written as text there
    if "items" in made:
        made["items"] = _schema(made["items"])
    if "properties" in made:
        made["properties"] = {name: _schema(each) for name, each in made["properties"].items()}
    if isinstance(made.get("additionalProperties"), dict):
        made["additionalProperties"] = _schema(made["additionalProperties"])
    return made
