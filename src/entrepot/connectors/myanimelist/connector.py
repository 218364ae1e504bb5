"""Adds to an entry of the live lists the address of its title, which the service does not tell.

A title that is asked for by itself tells the entry within it; it is turned round, so that both read alike.
"""

from collections.abc import Mapping
from typing import Any, Literal

from entrepot.transport.client import Client

from .address import address_of

Json = dict[str, Any]


async def complete_anime(record: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    return _with_address(record, "anime")


async def complete_manga(record: Json, _http: Client, _words: Mapping[str, object]) -> Json:
    return _with_address(record, "manga")


def _with_address(record: Json, medium: Literal["anime", "manga"]) -> Json:
    if "node" not in record and "id" in record:
        title = {name: value for name, value in record.items() if name != "my_list_status"}
        record = {"node": title, "list_status": record.get("my_list_status")}
    node = record.get("node")
    number = node.get("id") if isinstance(node, dict) else None
    return {**record, "entrepot": {"url": address_of(medium, number)}} if number else record
