"""A secret: a value that can be used but not printed, logged, pickled or serialised."""

from collections.abc import Callable
from hmac import compare_digest
from typing import NoReturn

SHOWN = "•••"


class Secret:
    """`reveal()` is the only way out; every other road shows dots or refuses."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def map(self, change: Callable[[str], str]) -> "Secret":
        return Secret(change(self._value))

    def __str__(self) -> str:
        return SHOWN

    def __repr__(self) -> str:
        return f"Secret({SHOWN})"

    def __format__(self, spec: str) -> str:
        return SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not serialised")
