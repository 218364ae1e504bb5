"""The files that airbyte-cdk's own runner, `source-declarative-manifest`, wants: our mock as a low-code manifest."""

import json
from pathlib import Path

TEXT = {"type": ["null", "string"]}
SCHEMA = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "content": TEXT,
        "description": TEXT,
        "priority": {"type": ["null", "integer"]},
        "checked": {"type": ["null", "boolean"]},
        "labels": {"type": ["null", "array"], "items": TEXT},
        "due": {"type": ["null", "object"], "properties": {"date": TEXT, "string": TEXT}},
        "project_id": TEXT,
        "url": TEXT,
        "added_at": TEXT,
        "updated_at": TEXT,
    },
}


def write_files(folder: Path, address: str) -> None:
    config = {"__injected_declarative_manifest": _manifest(address)}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "catalog.json").write_text(json.dumps(_catalog()))


def state_of(output: Path) -> list[object]:
    """The last state that the runner put among its records; what the next read starts from."""
    last: list[object] = []
    with output.open("rb") as lines:
        for line in lines:
            if b'"type":"STATE"' in line:
                message = json.loads(line)["state"]
                last = [{"type": "STREAM", "stream": message["stream"]}]
    return last


def _catalog() -> dict[str, object]:
    stream = {"name": "tasks", "json_schema": SCHEMA, "supported_sync_modes": ["full_refresh", "incremental"]}
    chosen = {"stream": stream, "sync_mode": "incremental", "destination_sync_mode": "append"}
    return {"streams": [chosen | {"cursor_field": ["updated_at"]}]}


def _manifest(address: str) -> dict[str, object]:
    retriever = {
        "type": "SimpleRetriever",
        "requester": {"type": "HttpRequester", "url_base": address, "path": "/tasks", "http_method": "GET"},
        "record_selector": {
            "type": "RecordSelector",
            "extractor": {"type": "DpathExtractor", "field_path": ["results"]},
        },
        "paginator": {
            "type": "DefaultPaginator",
            "page_token_option": {"type": "RequestOption", "inject_into": "request_parameter", "field_name": "page"},
            "pagination_strategy": {"type": "PageIncrement", "page_size": 100, "start_from_page": 1},
        },
    }
    return {
        "version": "7.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["tasks"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "tasks",
                "primary_key": ["id"],
                "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
                "retriever": retriever,
                "incremental_sync": {
                    "type": "DatetimeBasedCursor",
                    "cursor_field": "updated_at",
                    "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
                    "start_datetime": {
                        "type": "MinMaxDatetime",
                        "datetime": "{{ config.get('start') or '2000-01-01T00:00:00Z' }}",
                        "datetime_format": "%Y-%m-%dT%H:%M:%SZ",
                    },
                    "start_time_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "updated_since",
                    },
                },
            }
        ],
        "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
    }
