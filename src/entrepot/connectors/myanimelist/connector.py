"""Adds to an entry of the live lists the address of its title, which the service does not tell."""

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
    node = record.get("node")
    number = node.get("id") if isinstance(node, dict) else None
    return {**record, "entrepot": {"url": address_of(medium, number)}} if number else record
