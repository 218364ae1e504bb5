"""Investment transactions of OFX (13.9.2.4): what was bought, sold, earned or moved, and for how much."""

from decimal import Decimal

from entrepot.core.trade import Transaction

from .figures import amount_of, compact_day, currency_of

TRADES = frozenset(
    {
        "BUYDEBT", "BUYMF", "BUYOPT", "BUYOTHER", "BUYSTOCK", "CLOSUREOPT", "INCOME", "INVEXPENSE", "JRNLFUND",
        "JRNLSEC", "MARGININTEREST", "REINVEST", "RETOFCAP", "SELLDEBT", "SELLMF", "SELLOPT", "SELLOTHER",
        "SELLSTOCK", "SPLIT", "TRANSFER",
    }
)  # fmt: skip
_FEES = ("COMMISSION", "FEES", "LOAD")
_KEPT = {"INCOMETYPE": "incomeType", "TFERACTION": "tferAction", "TAXES": "taxes", "INV401KSOURCE": "inv401kSource"}


def trade_of(tag: str, fields: dict[str, str], account: str | None, currency: str | None) -> Transaction:
    """`amount` is TOTAL, signed as the broker writes it; 0 where no money moved. Units that leave are negative."""
    units = _number(fields, "UNITS")
    if units is not None and fields.get("TFERACTION") == "OUT":
        units = -abs(units)
    return Transaction(
        account=account,
        amount=_number(fields, "TOTAL") or _number(fields, "FRACCASH") or Decimal(0),
        currency=currency_of(fields.get("CURSYM")) or currency,
        booking_date=compact_day(fields.get("DTTRADE", "")[:8]),
        value_date=compact_day(fields["DTSETTLE"][:8]) if "DTSETTLE" in fields else None,
        remittance=fields.get("MEMO", ""),
        transaction_code=tag,
        is_reversal="REVERSALFITID" in fields,
        security=fields.get("UNIQUEID"),
        units=units,
        unit_price=_number(fields, "UNITPRICE"),
        fees=_fees(fields),
        extra={name: fields[tag] for tag, name in _KEPT.items() if tag in fields},
    )


def _fees(fields: dict[str, str]) -> Decimal | None:
    """What the broker charged, as a positive sum; None where the file says nothing of it."""
    said = [amount_of(fields[tag]) for tag in _FEES if tag in fields]
    return sum(said, Decimal(0)) if said else None


def _number(fields: dict[str, str], tag: str) -> Decimal | None:
    return amount_of(fields[tag]) if tag in fields else None
