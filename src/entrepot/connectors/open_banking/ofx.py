"""OFX 1 and 2 (also QFX): accounts, balances and transactions of banks, cards and brokers.

https://financialdataexchange.org/ofx. Section numbers below are those of OFX 2.1.1.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.errors import PersonMustFix
from entrepot.core.trade import Account, Balance, Transaction

from .figures import amount_of, compact_day, currency_of, digits_of
from .ledger import ACCOUNTS, TRANSACTIONS, Ledger, Repeats, iban_of, key_of
from .ofx_blocks import Block, BlockScanner
from .ofx_trades import TRADES, trade_of
from .source import Source

_STATEMENTS = ("STMTRS", "CCSTMTRS", "INVSTMTRS")
_CURRENCY = "CURDEF"
_OWNERS = {"BANKACCTFROM": None, "CCACCTFROM": "CREDITCARD", "INVACCTFROM": "INVESTMENT"}
_BALANCES = {"LEDGERBAL": "CLBD", "AVAILBAL": "CLAV"}
_SCANNER = BlockScanner(
    (*_OWNERS, *_BALANCES, *TRADES, "SONRS", "STATUS", "ACCTINFO", "INVBAL", "STMTTRN"), marks=(*_STATEMENTS, _CURRENCY)
)
_SECURITIES = BlockScanner(("SECINFO",))
_CORRECTION = {"CORRECTFITID": "correctFitId", "CORRECTACTION": "correctAction", "DTUSER": "dtUser"}


def read_ofx(source: Source, ledger: Ledger) -> Iterator[Change | BadRow]:
    """Raises PersonMustFix where the bank's answer is only an error, or nothing in the file is OFX."""
    statement = _Statement(source, ledger)
    is_ofx = False
    for block in _SCANNER.blocks(source.text()):
        is_ofx = True
        yield from statement.read(block)
    if not is_ofx:
        raise PersonMustFix(f"{source.name} holds no OFX statement; download it again from your bank.")


class _Statement:
    """What was said so far about the account whose transactions follow."""

    def __init__(self, source: Source, ledger: Ledger) -> None:
        self._source = source
        self._ledger = ledger
        self._repeats = Repeats()
        self._account: str | None = None
        self._currency: str | None = None
        self._securities: dict[str, dict[str, str]] | None = None
        self._readers: dict[str, Callable[[Block], Iterator[Change | BadRow]]] = {
            "SONRS": self._sign_on,
            "STATUS": self._status,
            "ACCTINFO": self._listed_account,
            **dict.fromkeys(_OWNERS, self._owner),
            **dict.fromkeys(_BALANCES, self._balance),
            "INVBAL": self._cash,
        }

    def read(self, block: Block) -> Iterator[Change | BadRow]:
        tag = block.tag
        if tag == "STMTTRN" or tag in TRADES:
            yield self._transaction(block)
        elif tag in _STATEMENTS:
            self._account = self._currency = None
        elif tag == _CURRENCY:
            self._currency = currency_of(block.text)
        elif block.is_whole or tag == "SONRS":
            yield from self._readers[tag](block)

    def _transaction(self, block: Block) -> Change | BadRow:
        fields = block.fields()
        try:
            data = self._data(block, fields)
        except ValueError as why:
            return BadRow(TRANSACTIONS, self._source.where(block.line), _reason(fields, why))
        key = self._key(fields, data)
        return Change(TRANSACTIONS, Ref(key), data, native=f"<{block.tag}>{block.text}</{block.tag}>".encode())

    def _data(self, block: Block, fields: dict[str, str]) -> Transaction:
        if not block.is_whole:
            raise ValueError("the file ends in the middle of this transaction")
        if block.tag == "STMTTRN":
            return _payment(fields, self._account, self._currency)
        data = trade_of(block.tag, fields, self._account, self._currency)
        data.extra.update(self._security(fields))
        return data

    def _key(self, fields: dict[str, str], data: Transaction) -> str:
        identity = fields.get("FITID", "")
        parts = ("ofx", self._account, identity, data.booking_date, digits_of(data.amount))
        if identity.strip("0"):
            return key_of(*parts)  # some banks use a FITID again, so it needs its day and amount
        return self._repeats.key(*parts, data.counterparty, data.remittance)

    def _sign_on(self, block: Block) -> Iterator[BadRow]:
        fields = block.fields()
        if fields.get("SEVERITY") == "ERROR":
            message = fields.get("MESSAGE", "no reason given")
            raise PersonMustFix(
                f"{self._source.name} holds no data, only the bank's refusal: {message} (code {fields.get('CODE')}). "
                "Download the statement again."
            )
        yield from ()

    def _status(self, block: Block) -> Iterator[BadRow]:
        fields = block.fields()
        if fields.get("SEVERITY") == "ERROR":
            reason = f"the bank answered {fields.get('MESSAGE', 'without a reason')} (code {fields.get('CODE')})"
            yield BadRow(ACCOUNTS, self._source.where(block.line), reason)

    def _owner(self, block: Block) -> Iterator[BadRow]:
        fields = block.fields()
        self._account = self._add(fields, _OWNERS[block.tag], self._currency)
        if self._account is None:
            yield BadRow(ACCOUNTS, self._source.where(block.line), "the account has no number (ACCTID)")

    def _listed_account(self, block: Block) -> Iterator[BadRow]:
        fields = block.fields()
        self._add(fields, "CREDITCARD" if "CCACCTFROM" in block.text else None, None)
        yield from ()

    def _add(self, fields: dict[str, str], type_: str | None, currency: str | None) -> str | None:
        number = fields.get("ACCTID")
        if number is None:
            return None
        iban, servicer = iban_of(number), fields.get("BANKID") or fields.get("BROKERID")
        identity = iban or "/".join(filter(None, (servicer, number)))
        account = Account(
            iban=iban,
            number=None if iban else number,
            name=fields.get("DESC"),
            type=fields.get("ACCTTYPE") or type_,
            currency=currency,
            servicer=servicer,
        )
        self._ledger.add(identity, account)
        return identity

    def _balance(self, block: Block) -> Iterator[BadRow]:
        fields = block.fields()
        yield from self._say(block, _BALANCES[block.tag], fields.get("BALAMT"), fields.get("DTASOF"))

    def _cash(self, block: Block) -> Iterator[BadRow]:
        yield from self._say(block, "CLAV", block.fields().get("AVAILCASH"), None)

    def _say(self, block: Block, type_: str, amount: str | None, day: str | None) -> Iterator[BadRow]:
        if amount is None:
            return  # banks send LEDGERBAL with nothing in it
        try:
            date = compact_day(day[:8]) if day else None
            self._ledger.balance(
                self._account, Balance(type=type_, amount=amount_of(amount), currency=self._currency, date=date)
            )
        except ValueError as why:
            yield BadRow(ACCOUNTS, self._source.where(block.line), f"{block.tag}: {why}")

    def _security(self, fields: dict[str, str]) -> dict[str, object]:
        if self._securities is None:  # the list of securities stands behind the transactions that name them
            listed = (block.fields() for block in _SECURITIES.blocks(self._source.text()))
            self._securities = {found["UNIQUEID"]: found for found in listed if "UNIQUEID" in found}
        known = self._securities.get(fields.get("UNIQUEID", ""), {})
        names = {"securityName": known.get("SECNAME"), "ticker": known.get("TICKER")}
        return {name: value for name, value in names.items() if value}


def _payment(fields: dict[str, str], account: str | None, currency: str | None) -> Transaction:
    """STMTTRN (11.4.4.1). CURRENCY says in what TRNAMT is; ORIGCURRENCY only what it was before the bank changed it."""
    said = currency_of(fields.get("CURSYM"))
    was_changed = "ORIGCURRENCY" in fields or said is None
    rate = fields.get("CURRATE")
    return Transaction(
        account=account,
        amount=amount_of(fields.get("TRNAMT", "")),
        currency=currency if was_changed else said,
        booking_date=compact_day(fields.get("DTPOSTED", "")[:8]),
        value_date=compact_day(fields["DTAVAIL"][:8]) if "DTAVAIL" in fields else None,
        counterparty=fields.get("EXTDNAME") or fields.get("NAME"),
        counterparty_account=fields.get("ACCTID"),
        counterparty_agent=fields.get("BANKID"),
        remittance=fields.get("MEMO", ""),
        account_servicer_reference=fields.get("SRVRTID"),
        transaction_code=fields.get("TRNTYPE"),
        check_number=fields.get("CHECKNUM"),
        original_currency=said if was_changed else None,
        exchange_rate=Decimal(amount_of(rate)) if rate and was_changed and said else None,
        extra={name: fields[tag] for tag, name in _CORRECTION.items() if tag in fields},
    )


def _reason(fields: dict[str, str], why: ValueError) -> str:
    return f"{why} (FITID {fields['FITID']})" if "FITID" in fields else str(why)
