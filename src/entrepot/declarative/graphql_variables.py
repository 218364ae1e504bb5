"""Variables of a GraphQL request in the form its query declares: ids are text to us, and numbers to some services."""

import re
from collections.abc import Mapping
from typing import Any

_WHOLE_NUMBER = re.compile(r"\$(\w+)\s*:\s*Int\b")


def typed(query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Digits become a number where the query declares an Int, which no service takes as text."""
    numbers = set(_WHOLE_NUMBER.findall(query))
    return {
        name: int(value) if name in numbers and isinstance(value, str) and value.isdecimal() else value
        for name, value in variables.items()
    }
