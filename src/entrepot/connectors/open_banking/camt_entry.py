"""One entry (Ntry) of a CAMT message as one or, for a batch, several transactions."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

import msgspec
from lxml import etree

from entrepot.core.trade import Transaction

from .camt_details import counterparty_of, foreign_of, rate_of, remittance_of, summary_of
from .camt_fields import Fields, signed
from .figures import amount_of, currency_of, iso_day

_STATUSES = frozenset({"BOOK", "PDNG", "INFO", "FUTR"})
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", "NOT PROVIDED"})
_SUMS = ("Amt", "AmtDtls/TxAmt/Amt")


class Entry(NamedTuple):
    """`reference` is the best the bank gave for exactly this transaction; `is_detail` where it is part of a batch."""

    data: Transaction
    native: bytes
    reference: str | None
    is_detail: bool


def transactions_of(element: Any, account: str | None, currency: str | None) -> Iterator[Entry]:
    """Raises ValueError where the entry cannot be read; then none of it is."""
    fields = Fields(element)
    booked = _booked(fields, account, currency)
    reference = booked.account_servicer_reference or _reference(fields.first("NtryRef"))
    details = [Fields(detail) for detail in fields.details]
    if len(details) < 2:
        own = _reference(details[0].first("Refs/AcctSvcrRef")) if details else None
        data = _detailed(booked, details[0], booked.account_servicer_reference or own) if details else booked
        yield Entry(data, _text(element), reference or own, is_detail=False)
        return
    parts = _parts(booked, details)
    if parts is None:
        extra = booked.extra | {"details": [summary_of(detail, _SUMS) for detail in details]}
        yield Entry(msgspec.structs.replace(booked, extra=extra), _text(element), reference, is_detail=False)
        return
    for detail in fields.details:
        detail.getparent().remove(detail)
    head = _text(element)
    for node, detail, amount in zip(fields.details, details, parts, strict=True):
        yield _part(msgspec.structs.replace(booked, amount=amount, fees=None), detail, head + b"\n" + _text(node))


def _booked(fields: Fields, account: str | None, currency: str | None) -> Transaction:
    status = fields.first("Sts/Cd", "Sts") or "BOOK"
    if status not in _STATUSES:
        raise ValueError(f"its status {status[:20]!r} is none of BOOK, PDNG, INFO, FUTR")
    amount = signed(amount_of(fields.first("Amt") or "", "."), fields.first("CdtDbtInd"))
    booking = fields.first("BookgDt/Dt", "BookgDt/DtTm")
    value = fields.first("ValDt/Dt", "ValDt/DtTm")
    return Transaction(
        account=account,
        amount=amount,
        currency=currency_of(fields.currency("Amt")) or currency,
        booking_date=iso_day(booking[:10]) if booking else None,
        value_date=iso_day(value[:10]) if value else None,
        status=cast("Literal['BOOK', 'PDNG', 'INFO', 'FUTR']", status),
        account_servicer_reference=_reference(fields.first("AcctSvcrRef")),
        transaction_code=_code(fields),
        memo=fields.first("AddtlNtryInf"),
        is_reversal=fields.first("RvslInd") in {"true", "1"},
        fees=_fees(fields),
    )


def _detailed(booked: Transaction, detail: Fields, servicer_reference: str | None) -> Transaction:
    # Of a reversal the parties are those of the original, which went the other way.
    is_incoming = (booked.amount >= 0) is not booked.is_reversal
    name, account, agent = counterparty_of(detail, "Dbtr" if is_incoming else "Cdtr")
    creditor_reference = detail.first("RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
    original, original_currency = foreign_of(detail, booked.currency)
    extra = {
        "creditorReference": creditor_reference,
        "mandateId": detail.first("Refs/MndtId"),
        "purpose": detail.first("Purp/Cd", "Purp/Prtry"),
        "returnReason": detail.first("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
    }
    return msgspec.structs.replace(
        booked,
        counterparty=name,
        counterparty_account=account,
        counterparty_agent=agent,
        remittance=remittance_of(detail) or creditor_reference or "",
        end_to_end_id=_reference(detail.first("Refs/EndToEndId")),
        account_servicer_reference=servicer_reference,
        check_number=detail.first("Refs/ChqNb"),
        transaction_code=_code(detail) or booked.transaction_code,
        memo=detail.first("AddtlTxInf") or booked.memo,
        fees=_fees(detail) or booked.fees,
        original_amount=-original if original and booked.amount < 0 else original,
        original_currency=original_currency,
        exchange_rate=rate_of(detail),
        extra={key: value for key, value in extra.items() if value},
    )


def _part(booked: Transaction, detail: Fields, native: bytes) -> Entry:
    batch = booked.account_servicer_reference
    own = _reference(detail.first("Refs/AcctSvcrRef"))
    other = _reference(detail.first("Refs/TxId", "Refs/InstrId", "Refs/EndToEndId"))
    reference = "\x1e".join(filter(None, (batch, own, other)))
    return Entry(_detailed(booked, detail, own or batch), native, reference or None, is_detail=True)


def _parts(booked: Transaction, details: Sequence[Fields]) -> list[Decimal] | None:
    """What each detail of a batch amounts to, or None where they do not say or do not add up to the entry."""
    direction = "DBIT" if booked.amount < 0 else "CRDT"
    amounts = list[Decimal]()
    for detail in details:
        path = next((path for path in _SUMS if detail.first(path)), None)
        if path is None or currency_of(detail.currency(path)) != booked.currency:
            return None
        amount = amount_of(detail.first(path) or "", ".")
        amounts.append(signed(amount, detail.first("CdtDbtInd") or direction))
    return amounts if sum(amounts) == booked.amount else None


def _code(fields: Fields) -> str | None:
    steps = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
    domain = [text for path in steps if (text := fields.first(path))]
    return "-".join(domain) or fields.first("BkTxCd/Prtry/Cd")


def _fees(fields: Fields) -> Decimal | None:
    total = fields.first("Chrgs/TtlChrgsAndTaxAmt")
    if total:
        return amount_of(total, ".")
    single = fields.all("Chrgs/Rcrd/Amt") or fields.all("Chrgs/Amt")
    return sum((amount_of(text, ".") for text in single), Decimal(0)) if single else None


def _reference(text: str | None) -> str | None:
    return None if text is None or text.upper() in _NO_REFERENCE else text


def _text(element: Any) -> bytes:
    return etree.tostring(element, with_tail=False)
