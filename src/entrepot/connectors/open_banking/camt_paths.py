"""Short paths into a CAMT element (`RmtInf/Ustrd`) of whatever version, and the signs of its amounts."""

from decimal import Decimal
from functools import cache
from typing import Any


class Paths:
    """Bound to one namespace: the version of a message is in its name, and tags of all versions look alike."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def first(self, element: Any, *paths: str) -> str | None:
        """The text at the first path that has any."""
        for path in paths:
            text = element.findtext(_qualified(self._namespace, path))
            if text and (text := text.strip()):
                return text
        return None

    def all(self, element: Any, path: str) -> list[str]:
        found = element.iterfind(_qualified(self._namespace, path))
        return [text for one in found if (text := (one.text or "").strip())]

    def elements(self, element: Any, path: str) -> list[Any]:
        return element.findall(_qualified(self._namespace, path))

    def attribute(self, element: Any, path: str, name: str) -> str | None:
        found = element.find(_qualified(self._namespace, path))
        return None if found is None else found.get(name)


@cache
def _qualified(namespace: str, path: str) -> str:
    return "/".join(f"{{{namespace}}}{step}" for step in path.split("/"))


def signed(amount: Decimal, indicator: str | None) -> Decimal:
    """CdtDbtInd says which way the money went, of a reversal too; RvslInd only says that it is one.

    ISO 20022, ReportEntry/ReversalIndicator: "If the CreditDebitIndicator is CRDT and ReversalIndicator is Yes,
    the original entry was a debit entry."
    """
    match indicator:
        case "CRDT":
            return amount
        case "DBIT":
            return -amount if amount else amount
        case None:
            raise ValueError("it does not say whether it is a credit or a debit (CdtDbtInd)")
        case _:
            raise ValueError(f"CdtDbtInd is {indicator[:10]!r}, neither CRDT nor DBIT")
