"""A singer tap for our mock, written with singer-sdk as its documentation has it; run by the peer's interpreter."""

from collections.abc import Mapping
from typing import Any

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import PageNumberPaginator


class Pages(PageNumberPaginator):
    def has_more(self, response: Any) -> bool:
        return response.json()["has_more"]


class Tasks(RESTStream):
    name = "tasks"
    path = "/tasks"
    primary_keys = ("id",)
    replication_key = "updated_at"
    records_jsonpath = "$.results[*]"
    schema = th.PropertiesList(
        th.Property("id", th.StringType, required=True),
        th.Property("content", th.StringType),
        th.Property("description", th.StringType),
        th.Property("priority", th.IntegerType),
        th.Property("checked", th.BooleanType),
        th.Property("labels", th.ArrayType(th.StringType)),
        th.Property("due", th.ObjectType(th.Property("date", th.StringType), th.Property("string", th.StringType))),
        th.Property("project_id", th.StringType),
        th.Property("url", th.StringType),
        th.Property("added_at", th.DateTimeType),
        th.Property("updated_at", th.DateTimeType),
    ).to_dict()

    @property
    def url_base(self) -> str:
        return self.config["address"]

    def get_new_paginator(self) -> Pages:
        return Pages(1)

    def get_url_params(self, context: Mapping[str, Any] | None, next_page_token: int | None) -> dict[str, Any]:
        words: dict[str, Any] = {"page": next_page_token or 1}
        since = self.get_starting_replication_key_value(context)
        return words | ({"updated_since": since} if since else {})


class TapBench(Tap):
    name = "tap-bench"
    config_jsonschema = th.PropertiesList(th.Property("address", th.StringType, required=True)).to_dict()

    def discover_streams(self) -> list[Tasks]:
        return [Tasks(self)]


if __name__ == "__main__":
    TapBench.cli()
