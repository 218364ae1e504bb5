"""What every kind of record has in common: a frozen struct with camelCase names and a JSON form without blanks."""

from typing import Any, ClassVar

import msgspec


class Part(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """A piece of a kind (an alarm, an address): a struct inside a kind, never an item by itself."""


class Kind(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """`extra` holds what the service tells beyond the standard, under the service's own names."""

    kind: ClassVar[str] = ""
    standard: ClassVar[str] = ""

    extra: dict[str, Any] = {}
