"""ISO 20022 CAMT.052, .053 and .054 of any version: accounts, balances and entries, one entry at a time.

One entry is one transaction, unless it is a batch whose details each say an amount in the entry's own currency and
these add up to it: then each detail is one. So the transactions always add up to what the bank booked.
"""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO, cast

from lxml import etree

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.trade import Account, Balance
from entrepot.protocols.archive_xml import elements, without_controls

from .camt_entry import Entry, transactions_of
from .camt_fields import Fields, signed
from .figures import amount_of, currency_of, digits_of, iso_day
from .ledger import ACCOUNTS, TRANSACTIONS, Ledger, Repeats, iban_of, key_of
from .source import Source

_STATEMENTS = frozenset({"Stmt", "Rpt", "Ntfctn"})


def read_camt(source: Source, ledger: Ledger) -> Iterator[Change | BadRow]:
    """Raises PersonMustFix where the XML is broken; what came before that was yielded."""
    statement = _Statement(source, ledger)
    found = elements(source.entry, "{*}Acct", "{*}Bal", "{*}Ntry", through=lambda _: _utf8(source))
    for element in found:
        parent = element.getparent()
        if parent is not None and etree.QName(parent).localname in _STATEMENTS:
            yield from statement.read(element)


class _Statement:
    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._repeats = Repeats()
        self._account: str | None = None
        self._currency: str | None = None
        self._number = 0

    def read(self, element: Any) -> Iterator[Change | BadRow]:
        match etree.QName(element).localname:
            case "Acct":
                self._read_account(Fields(element))
            case "Bal":
                yield from self._read_balance(Fields(element))
            case _:
                self._number += 1
                yield from self._read_entry(element)

    def _read_account(self, fields: Fields) -> None:
        number = fields.first("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id", "Id/BBAN", "Id/UPIC") or ""
        iban = iban_of(number)
        self._account = iban or number or None
        self._currency = currency_of(fields.first("Ccy"))
        if self._account is None:
            return
        account = Account(
            iban=iban,
            number=None if iban else number,
            name=fields.first("Nm"),
            type=fields.first("Tp/Cd", "Tp/Prtry"),
            currency=self._currency,
            servicer=fields.first(
                "Svcr/FinInstnId/BICFI", "Svcr/FinInstnId/BIC", "Svcr/FinInstnId/Nm", "Svcr/FinInstnId/Othr/Id"
            ),
            owner=fields.first("Ownr/Nm"),
        )
        self._ledger.add(self._account, account)

    def _read_balance(self, fields: Fields) -> Iterator[BadRow]:
        try:
            amount = amount_of(fields.first("Amt") or "", ".")
            said = fields.first("Dt/Dt", "Dt/DtTm")
            balance = Balance(
                type=fields.first("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd") or "XXXX",
                amount=signed(amount, fields.first("CdtDbtInd")),
                currency=currency_of(fields.currency("Amt")) or self._currency,
                date=iso_day(said[:10]) if said else None,
            )
        except ValueError as why:
            yield BadRow(ACCOUNTS, self._source.name, f"a balance: {why}")
            return
        self._ledger.balance(self._account, balance)

    def _read_entry(self, element: Any) -> Iterator[Change | BadRow]:
        try:
            found = list(transactions_of(element, self._account, self._currency))
        except ValueError as why:
            yield BadRow(TRANSACTIONS, f"{self._source.name}, entry {self._number}", str(why))
            return
        for entry in found:
            yield Change(TRANSACTIONS, Ref(self._key(entry)), entry.data, native=entry.native)

    def _key(self, entry: Entry) -> str:
        """The servicer's own reference is the same in a report, a statement and a notification of one booking."""
        data = entry.data
        amount = digits_of(data.amount)
        if data.account_servicer_reference and not entry.is_detail:
            return key_of("camt", self._account, data.account_servicer_reference, amount)
        parts = ("camt", self._account, entry.reference, data.booking_date, data.value_date, amount)
        if entry.reference:
            return self._repeats.key(*parts, data.end_to_end_id)
        return self._repeats.key(*parts, data.counterparty, data.counterparty_account, data.remittance)


def _utf8(source: Source) -> BinaryIO:
    """The file as UTF-8, its declaration corrected, whatever it says of itself."""
    pieces = source.text()
    head = next(pieces, "").lstrip("\ufeff")
    if head.startswith("<?xml"):
        head = head[head.find("?>") + 2 :]
    return without_controls(cast("BinaryIO", io.BufferedReader(_Encoded(chain([head], pieces)))))


class _Encoded(io.RawIOBase):
    def __init__(self, pieces: Iterator[str]) -> None:
        self._pieces = pieces
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._ready:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._ready = memoryview(piece.encode())
        view = memoryview(buffer)
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count
