"""A made-up service: its contract, and a connector that holds it."""

import json
import textwrap
from pathlib import Path

import pytest

from entrepot.sdk.catalog import Catalog

MANIFEST = """\
id: shop
name: Shop
summary: A service made up for tests.
kinds: [task]
docs: https://example.org/docs

auth: {scheme: bearer}

http:
  base_url: https://api.example.org/v1
  budget: {calls: 60, per: 1m}
  paging: {style: cursor, send: cursor, find: next, items: results, size: {limit: 100}}

probe: {request: GET /me, id: id, name: name}

streams:
  tasks:
    kind: task
    read:
      request: GET /lists/:list/tasks
      query: {order: changed}
      since: {field: changed_at, send: since, overlap: 1m}
    id: id
    deletions: {by: absence, confirm: GET /tasks/:id}
    when: {type: task}
    fields:
      title: content
      progress: {at: state, table: {open: needs-action, done: completed}, ignored: [hidden]}
      due: {at: due.date, as: day}
      keywords: {at: labels, each: name}
      updated: {at: changed_at, as: instant}

settings:
  list: {label: List, default: inbox}

contract:
  format: openapi
  document: shop/openapi.json
  prefix: ""
"""

TASK = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "type": {"type": "string", "enum": ["task", "note"]},
        "content": {"type": "string"},
        "state": {"allOf": [{"$ref": "#/components/schemas/State"}, {"nullable": True}]},
        "due": {
            "anyOf": [
                {"type": "object", "properties": {"date": {"type": "string"}}, "additionalProperties": False},
                {"type": "object", "properties": {"never": {"const": True}}},
            ]
        },
        "labels": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "changed_at": {"type": "string", "format": "date-time"},
        "custom": {"type": "object"},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
}


def query(name, **schema):
    return {"name": name, "in": "query", "schema": schema}


def answer(schema):
    return {"responses": {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}}


OPENAPI = {
    "openapi": "3.0.3",
    "info": {"title": "Shop", "version": "1"},
    "servers": [{"url": "https://api.example.org/v1"}],
    "security": [{"token": []}],
    "paths": {
        "/me": {
            "get": answer({"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}})
        },
        "/lists/{listId}/tasks": {
            "parameters": [{"name": "listId", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {
                "parameters": [
                    query("cursor", type="string", pattern=r"^\w+\.\w+$"),
                    query("limit", type="integer", maximum=100),
                    query("order", type="string", enum=["changed", "name"]),
                    query("since", type="string", format="date-time"),
                ],
                **answer(
                    {
                        "type": "object",
                        "properties": {
                            "results": {"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
                            "next": {"type": "string"},
                        },
                    }
                ),
            },
        },
        "/tasks/{taskId}": {
            "get": {
                "parameters": [{"name": "taskId", "in": "path", "required": True, "schema": {"type": "integer"}}],
                **answer({"$ref": "#/components/schemas/Task"}),
            }
        },
    },
    "components": {
        "schemas": {"Task": TASK, "State": {"type": "string", "enum": ["open", "done", "hidden"]}},
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
    },
}


@pytest.fixture
def openapi():
    return OPENAPI


@pytest.fixture
def contracts(tmp_path: Path) -> Path:
    folder = tmp_path / "contracts"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "openapi.json").write_text(json.dumps(OPENAPI))
    return folder


@pytest.fixture
def shop(tmp_path: Path):
    """Writes the connector, with `replace` made in its manifest, and returns its entry."""

    def written(*replace: tuple[str, str], files: dict[str, str] | None = None):
        text = MANIFEST
        for old, new in replace:
            assert old in text, old
            text = text.replace(old, new)
        folder = tmp_path / "connectors" / "shop"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "manifest.yaml").write_text(text)
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(textwrap.dedent(content))
        return Catalog([folder.parent]).entry("shop")

    return written
