"""QIF, the old exchange format of Quicken: no ids, no currency, no version; accounts by name.

A transfer stands in the files of both accounts, and both sides are kept: each is a booking of its own account.
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import PurePosixPath

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.trade import Account, Split, Transaction

from .figures import amount_of, currency_of, digits_of
from .ledger import TRANSACTIONS, Ledger, Repeats
from .qif_forms import Forms, forms_of
from .qif_records import Record, records
from .qif_trades import trade_of
from .source import Source

_TRADES = frozenset({"invst", "port"})
_OPENING = "opening balance"


def read_qif(source: Source, ledger: Ledger) -> Iterator[Change | BadRow]:
    """Reads the file twice: first for how its dates and amounts are written. PersonMustFix where that is open."""
    forms = forms_of(records(source.lines()), source.name, source.settings.get("date_order", ""))
    reader = _Reader(source, ledger, forms)
    for record in records(source.lines()):
        if record.section == "account":
            reader.begin_account(record)
        elif record.is_transaction:
            yield reader.read(record)


class _Reader:
    def __init__(self, source: Source, ledger: Ledger, forms: Forms) -> None:
        self._source = source
        self._ledger = ledger
        self._forms = forms
        self._currency = currency_of(source.settings.get("currency"))
        self._given = source.settings.get("account", "")
        self._account = ""
        self._repeats = Repeats()

    def begin_account(self, record: Record) -> None:
        name = record.first("N")
        if name:
            self._account = self._add(name, record.first("T"), record.first("D"))

    def read(self, record: Record) -> Change | BadRow:
        try:
            data = self._transaction(record)
        except ValueError as why:
            return BadRow(TRANSACTIONS, self._source.where(record.line), str(why))
        # Categories and memos are edited later and must not make a second transaction.
        names = [record.first(code) for code in "PNY"]
        key = self._repeats.key("qif", data.account, data.booking_date, digits_of(data.amount), *names)
        return Change(TRANSACTIONS, Ref(key), data, native=record.text().encode())

    def _transaction(self, record: Record) -> Transaction:
        if not record.is_whole and not record.first("T"):
            raise ValueError("the file ends in the middle of this transaction")
        data = self._payment(record, self._amount(record), self._account or self._begin_unnamed(record))
        if record.section in _TRADES:
            return trade_of(data, dict(reversed(record.fields)), self._forms.mark)
        return data

    def _amount(self, record: Record) -> Decimal:
        text = record.first("T") or record.first("U") or record.first("$")
        if not text and record.section in _TRADES:
            return Decimal(0)
        return amount_of(text, self._forms.mark)

    def _payment(self, record: Record, amount: Decimal, account: str) -> Transaction:
        category, other, extra = _category(record.first("L"))
        if record.first("C"):
            extra["cleared"] = record.first("C")
        if record.first("P").lower() == _OPENING:
            extra["openingBalance"] = True
        return Transaction(
            account=account,
            amount=amount,
            currency=self._currency,
            booking_date=self._forms.day(record.first("D")),
            counterparty=record.first("P") or None,
            counterparty_account=other,
            check_number=record.first("N") or None,
            category=category,
            memo=record.first("M") or None,
            splits=list(_splits(record, self._forms.mark)),
            extra=extra,
        )

    def _begin_unnamed(self, record: Record) -> str:
        """No `!Account` so far: the person's word, or the opening balance's transfer to itself, or the file's name."""
        own = _category(record.first("L"))[1] if record.first("P").lower() == _OPENING else None
        name = self._given or own or PurePosixPath(self._source.name).stem
        self._account = self._add(name, record.section, "")
        return self._account

    def _add(self, name: str, type_: str, description: str) -> str:
        extra: dict[str, object] = {"description": description} if description else {}
        account = Account(name=name, type=type_ or None, currency=self._currency, extra=extra)
        self._ledger.add(name, account)
        return name


def _category(text: str) -> tuple[str | None, str | None, dict[str, object]]:
    """`Car:Fuel/Work` is a category and a class, `[Savings]` the account at the other end of a transfer."""
    if text.startswith("["):
        return None, text[1:].partition("]")[0] or None, {}
    name, _, class_ = text.partition("/")
    return name or None, None, {"class": class_} if class_ else {}


def _splits(record: Record, mark: str | None) -> Iterator[Split]:
    category, memo, amount = "", "", None
    for code, value in [*record.fields, ("S", "")]:
        if code == "S":
            if amount is not None:
                yield Split(amount=amount, category=category or None, memo=memo or None)
            category, memo, amount = value, "", None
        elif code == "E":
            memo = value
        elif code == "$" and category:
            amount = amount_of(value, mark)
