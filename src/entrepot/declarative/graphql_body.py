"""The body of a GraphQL request, its variables in the form the query declares: ids are numbers to some services."""

import re
from collections.abc import Mapping
from typing import Any

_WHOLE_NUMBER = re.compile(r"\$(\w+)\s*:\s*Int\b")


def body_of(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"query": query, "variables": _typed(query, variables)}


def _typed(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Digits become a number where the query declares an Int, which no service takes as text."""
    numbers = set(_WHOLE_NUMBER.findall(query))
    return {
        name: int(value) if name in numbers and isinstance(value, str) and value.isdecimal() else value
        for name, value in variables.items()
    }
