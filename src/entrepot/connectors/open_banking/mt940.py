"""SWIFT MT940 and MT942 as banks hand them out: statements of accounts, field by field (`:61:`, `:86:`)."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.trade import Account, Balance, Transaction

from .figures import amount_of, currency_of, day_of, digits_of, short_year
from .ledger import ACCOUNTS, TRANSACTIONS, Ledger, Repeats, iban_of
from .mt940_details import details_of
from .mt940_fields import Field, fields
from .source import Source

_BALANCES = {"60F": "OPBD", "60M": "ITBD", "62F": "CLBD", "62M": "ITBD", "64": "CLAV", "65": "FWAV"}
_BALANCE = re.compile(r"([CD])(\d{2})(\d{2})(\d{2})([A-Z]{3})([\d ,.]+)").match
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?(?P<mark>R[CD]|E[CD]|[CD])[A-Z]?\s*(?P<amount>[\d ]*,?\d*)"
    r"(?P<type>[A-Z][A-Z0-9]{3}|S {3})?(?P<rest>.*)"
).match
_WITH_CURRENCY = re.compile(r"/[A-Z]{3}$")
_REFERENCE_LENGTH = 16
_DEBITS = frozenset({"D", "RC", "ED"})
_NO_REFERENCE = frozenset({"NONREF", "NOREF", ""})
_HALF_YEAR = timedelta(days=183)


def read_mt940(source: Source, ledger: Ledger) -> Iterator[Change | BadRow]:
    reader = _Reader(source, ledger)
    for field in fields(source.lines()):
        yield from reader.read(field)
    yield from reader.finish()


class _Pending(NamedTuple):
    """A `:61:` that waits for its `:86:`."""

    data: Transaction
    native: list[str]
    details: list[str]


class _Reader:
    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._repeats = Repeats()
        self._account: str | None = None
        self._currency: str | None = None
        self._pending: _Pending | None = None
        self._readers: dict[str, Callable[[Field], Iterator[BadRow]]] = {
            "20": self._begin,
            "-": self._begin,
            "25": self._read_account,
            "34F": self._read_currency,
            "61": self._read_line,
            **dict.fromkeys(_BALANCES, self._read_balance),
        }

    def read(self, field: Field) -> Iterator[Change | BadRow]:
        if field.tag in {"86", "NS"}:
            if self._pending is not None:
                self._pending.details.append(field.text)
                self._pending.native.append(f":{field.tag}:{field.text}")
            return
        yield from self.finish()
        reader = self._readers.get(field.tag)
        if reader is not None:
            yield from reader(field)

    def finish(self) -> Iterator[Change]:
        """Yields the transaction whose details are complete now."""
        if self._pending is None:
            return
        data, native, told = self._pending
        self._pending = None
        if told:
            said = {name: value for name, value in details_of(told).items() if value}
            said["extra"] = data.extra | said.get("extra", {})
            data = msgspec.structs.replace(data, **said)
        key = self._repeats.key(
            "mt940",
            self._account,
            data.booking_date,
            data.value_date,
            digits_of(data.amount),
            data.account_servicer_reference,
            data.transaction_code,
            data.remittance,
            data.counterparty,
        )
        yield Change(TRANSACTIONS, Ref(key), data, native="\n".join(native).encode())

    def _begin(self, _field: Field) -> Iterator[BadRow]:
        self._account = self._currency = None
        yield from ()

    def _read_account(self, field: Field) -> Iterator[BadRow]:
        text = field.text.strip()
        iban = iban_of(text)
        bank, _, number = _WITH_CURRENCY.sub("", text).rpartition("/")
        self._account = iban or text or None
        if self._account is None:
            yield BadRow(ACCOUNTS, self._source.where(field.line), "the account has no number (:25:)")
            return
        self._ledger.add(self._account, Account(iban=iban, number=None if iban else number, servicer=bank or None))

    def _read_currency(self, field: Field) -> Iterator[BadRow]:
        self._currency = self._currency or currency_of(field.text[:3])
        yield from ()

    def _read_balance(self, field: Field) -> Iterator[BadRow]:
        try:
            balance = _balance(field)
        except ValueError as why:
            yield BadRow(ACCOUNTS, self._source.where(field.line), f":{field.tag}: {why}")
            return
        self._currency = balance.currency
        if self._account is not None:
            self._ledger.add(self._account, Account(currency=self._currency))
        self._ledger.balance(self._account, balance)

    def _read_line(self, field: Field) -> Iterator[BadRow]:
        try:
            data = _transaction(field.text, self._account, self._currency)
        except ValueError as why:
            yield BadRow(TRANSACTIONS, self._source.where(field.line), str(why))
            return
        self._pending = _Pending(data, [f":61:{field.text}"], [])


def _balance(field: Field) -> Balance:
    found = _BALANCE(field.text)
    if found is None:
        raise ValueError(f"{field.text[:40]!r} is not a balance")
    amount = amount_of(found[6], ",")
    return Balance(
        type=_BALANCES[field.tag],
        amount=-amount if found[1] == "D" and amount else amount,
        currency=found[5],
        date=day_of(short_year(int(found[2])), int(found[3]), int(found[4])),
    )


def _transaction(text: str, account: str | None, currency: str | None) -> Transaction:
    found = _LINE(text)
    if found is None or not found["amount"].strip():
        found = _LINE(text.replace("\n", ""))  # some banks break every line after 65 characters
    if found is None or not found["amount"].strip():
        raise ValueError(f"{text[:60]!r} is not a statement line (:61:)")
    value = day_of(*(short_year(int(found["value"][:2])), int(found["value"][2:4]), int(found["value"][4:])))
    amount: Decimal = amount_of(found["amount"], ",")
    mark = found["mark"]
    customer, _, bank = found["rest"].partition("//")
    customer, name = customer[:_REFERENCE_LENGTH], customer[_REFERENCE_LENGTH:].strip()
    return Transaction(
        account=account,
        amount=-amount if mark in _DEBITS and amount else amount,
        currency=currency,
        booking_date=_entry_day(found["entry"], value) if found["entry"] else value,
        value_date=value,
        status="FUTR" if mark.startswith("E") else "BOOK",
        counterparty=name or None,
        account_servicer_reference=_reference(bank),
        transaction_code=(found["type"] or "").strip() or None,
        memo=text[found.end() :].strip().replace("\n", " ") or None,
        is_reversal=mark.startswith("R"),
        extra={"customerReference": reference} if (reference := _reference(customer)) else {},
    )


def _entry_day(text: str, value: str) -> str:
    """The entry date has no year: it is the one that lies nearest to the value date."""
    near = date.fromisoformat(value)
    month, day = int(text[:2]), int(text[2:])
    guess = date.fromisoformat(day_of(near.year if (month, day) != (2, 29) else _leap(near.year), month, day))
    if guess - near > _HALF_YEAR:
        return day_of(guess.year - 1, month, day)
    return day_of(guess.year + 1, month, day) if near - guess > _HALF_YEAR else guess.isoformat()


def _leap(year: int) -> int:
    return next((near for near in (year, year - 1, year + 1) if near % 4 == 0), year)


def _reference(text: str) -> str | None:
    text = text.strip()
    return None if text.upper() in _NO_REFERENCE else text
