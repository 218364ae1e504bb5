"""A CAMT element of whatever version as texts under short paths (`RmtInf/Ustrd`), and the signs of its amounts."""

from decimal import Decimal
from typing import Any

_SKIPPED = frozenset({"PstlAdr", "CtctDtls", "OrgId", "PrvtId"})
_DETAIL = "TxDtls"
_WITH_CURRENCY = "Amt"
_CURRENCY = "@Ccy"


class Fields:
    """Read in one walk, because a search for each path costs more. Details of a batch are kept apart, unread."""

    __slots__ = ("_again", "_first", "details")

    def __init__(self, element: Any) -> None:
        self._first: dict[str, str] = {}
        self._again: dict[str, list[str]] = {}
        self.details: list[Any] = []
        # All tags have the namespace of the version before them: cutting it off is the same for each.
        self._read(element, "", element.tag.rfind("}") + 1)

    def _read(self, element: Any, path: str, cut: int) -> None:
        for child in element:
            name = child.tag[cut:]
            if len(child):
                if name == _DETAIL:
                    self.details.append(child)
                elif name not in _SKIPPED:
                    self._read(child, f"{path}{name}/", cut)
            elif text := child.text:
                self._keep(path + name, text.strip())
                if name == _WITH_CURRENCY:
                    self._first.setdefault(path + name + _CURRENCY, child.get("Ccy") or "")

    def _keep(self, path: str, text: str) -> None:
        if not text:
            return
        if path in self._first:
            self._again.setdefault(path, []).append(text)
        else:
            self._first[path] = text

    def first(self, *paths: str) -> str | None:
        """The text at the first path that has any."""
        for path in paths:
            if path in self._first:
                return self._first[path]
        return None

    def all(self, path: str) -> list[str]:
        first = self._first.get(path)
        return [] if first is None else [first, *self._again.get(path, ())]

    def currency(self, path: str) -> str | None:
        return self._first.get(path + _CURRENCY)


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
