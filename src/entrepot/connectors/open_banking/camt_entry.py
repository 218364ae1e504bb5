"""One entry (Ntry) of a CAMT message as one or, for a batch, several transactions."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Literal, NamedTuple, cast

import msgspec
from lxml import etree

from entrepot.core.trade import Transaction

from .camt_paths import Paths, signed
from .figures import amount_of, currency_of, iso_day

_STATUSES = frozenset({"BOOK", "PDNG", "INFO", "FUTR"})
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF", "NOTPROVIDED+", "NOT PROVIDED"})
_SUMS = ("Amt", "AmtDtls/TxAmt/Amt")


class Entry(NamedTuple):
    """`reference` is the best the bank gave for exactly this transaction; `is_detail` where it is part of a batch."""

    data: Transaction
    native: bytes
    reference: str | None
    is_detail: bool


def transactions_of(element: Any, paths: Paths, account: str | None, currency: str | None) -> Iterator[Entry]:
    """Raises ValueError where the entry cannot be read; then none of it is."""
    booked = _booked(element, paths, account, currency)
    details = paths.elements(element, "NtryDtls/TxDtls")
    reference = _reference(paths.first(element, "AcctSvcrRef")) or _reference(paths.first(element, "NtryRef"))
    if len(details) < 2:
        data = _detailed(booked, details[0], paths) if details else booked
        own = _servicer_reference(paths, details[0]) if details else None
        servicer = booked.account_servicer_reference or own
        data = msgspec.structs.replace(data, account_servicer_reference=servicer)
        yield Entry(data, etree.tostring(element, with_tail=False), reference or own, is_detail=False)
        return
    parts = _parts(booked, details, paths)
    if parts is None:
        extra = booked.extra | {"details": [_summary(detail, paths) for detail in details]}
        data = msgspec.structs.replace(booked, extra=extra)
        yield Entry(data, etree.tostring(element, with_tail=False), reference, is_detail=False)
        return
    yield from _split(element, booked, list(zip(details, parts, strict=True)), paths)


def _booked(element: Any, paths: Paths, account: str | None, currency: str | None) -> Transaction:
    status = paths.first(element, "Sts/Cd", "Sts") or "BOOK"
    if status not in _STATUSES:
        raise ValueError(f"its status {status[:20]!r} is none of BOOK, PDNG, INFO, FUTR")
    amount = signed(amount_of(paths.first(element, "Amt") or "", "."), paths.first(element, "CdtDbtInd"))
    booking = paths.first(element, "BookgDt/Dt", "BookgDt/DtTm")
    value = paths.first(element, "ValDt/Dt", "ValDt/DtTm")
    return Transaction(
        account=account,
        amount=amount,
        currency=currency_of(paths.attribute(element, "Amt", "Ccy")) or currency,
        booking_date=iso_day(booking[:10]) if booking else None,
        value_date=iso_day(value[:10]) if value else None,
        status=cast("Literal['BOOK', 'PDNG', 'INFO', 'FUTR']", status),
        account_servicer_reference=_reference(paths.first(element, "AcctSvcrRef")),
        transaction_code=_code(element, paths),
        memo=paths.first(element, "AddtlNtryInf"),
        is_reversal=paths.first(element, "RvslInd") in {"true", "1"},
        fees=_fees(element, paths),
    )


def _detailed(booked: Transaction, detail: Any, paths: Paths) -> Transaction:
    # Of a reversal the parties are those of the original, which went the other way.
    is_incoming = (booked.amount >= 0) is not booked.is_reversal
    party = "Dbtr" if is_incoming else "Cdtr"
    creditor_reference = paths.first(detail, "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/CdtrRefInf/CdtrRef")
    end_to_end = paths.first(detail, "Refs/EndToEndId")
    original = _original(booked, detail, paths)
    extra = {
        "creditorReference": creditor_reference,
        "mandateId": paths.first(detail, "Refs/MndtId"),
        "purpose": paths.first(detail, "Purp/Cd", "Purp/Prtry"),
        "returnReason": paths.first(detail, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
    }
    return msgspec.structs.replace(
        booked,
        counterparty=_name(detail, paths, party),
        counterparty_account=paths.first(
            detail, *(f"RltdPties/{party}Acct/Id/{form}" for form in ("IBAN", "Othr/Id", "BBAN", "PrtryAcct/Id"))
        ),
        counterparty_agent=paths.first(
            detail,
            f"RltdAgts/{party}Agt/FinInstnId/BICFI",
            f"RltdAgts/{party}Agt/FinInstnId/BIC",
            f"RltdAgts/{party}Agt/FinInstnId/Nm",
            f"RltdAgts/{party}Agt/FinInstnId/ClrSysMmbId/MmbId",
        ),
        remittance=_remittance(detail, paths) or creditor_reference or "",
        end_to_end_id=_reference(end_to_end),
        check_number=paths.first(detail, "Refs/ChqNb"),
        transaction_code=_code(detail, paths) or booked.transaction_code,
        memo=paths.first(detail, "AddtlTxInf") or booked.memo,
        fees=_fees(detail, paths) or booked.fees,
        original_amount=original[0],
        original_currency=original[1],
        exchange_rate=_rate(detail, paths),
        extra=booked.extra | {name: value for name, value in extra.items() if value},
    )


def _parts(booked: Transaction, details: list[Any], paths: Paths) -> list[Decimal] | None:
    """What each detail of a batch amounts to, or None where they do not say or do not add up to the entry."""
    own_direction = "DBIT" if booked.amount < 0 else "CRDT"
    amounts = list[Decimal]()
    for detail in details:
        path = next((path for path in _SUMS if paths.first(detail, path)), None)
        if path is None or currency_of(paths.attribute(detail, path, "Ccy")) != booked.currency:
            return None
        amount = amount_of(paths.first(detail, path) or "", ".")
        amounts.append(signed(amount, paths.first(detail, "CdtDbtInd") or own_direction))
    return amounts if sum(amounts) == booked.amount else None


def _split(element: Any, booked: Transaction, parts: list[tuple[Any, Decimal]], paths: Paths) -> Iterator[Entry]:
    batch = booked.account_servicer_reference
    for detail, _ in parts:
        detail.getparent().remove(detail)
    head = etree.tostring(element, with_tail=False)
    for detail, amount in parts:
        booked_part = msgspec.structs.replace(booked, amount=amount, fees=None)
        own = _servicer_reference(paths, detail)
        data = msgspec.structs.replace(_detailed(booked_part, detail, paths), account_servicer_reference=own or batch)
        other = paths.first(detail, "Refs/TxId", "Refs/InstrId", "Refs/EndToEndId")
        reference = "\x1e".join(filter(None, (batch, own, _reference(other))))
        yield Entry(data, head + b"\n" + etree.tostring(detail, with_tail=False), reference or None, is_detail=True)


def _summary(detail: Any, paths: Paths) -> dict[str, object]:
    path = next((path for path in _SUMS if paths.first(detail, path)), _SUMS[0])
    found = {
        "amount": paths.first(detail, path),
        "currency": paths.attribute(detail, path, "Ccy"),
        "debtor": _name(detail, paths, "Dbtr"),
        "creditor": _name(detail, paths, "Cdtr"),
        "remittance": _remittance(detail, paths),
        "endToEndId": _reference(paths.first(detail, "Refs/EndToEndId")),
    }
    return {name: value for name, value in found.items() if value}


def _name(detail: Any, paths: Paths, party: str) -> str | None:
    return paths.first(
        detail,
        f"RltdPties/{party}/Pty/Nm",
        f"RltdPties/{party}/Nm",
        f"RltdPties/{party}/Agt/FinInstnId/Nm",
        f"RltdPties/Ultmt{party}/Pty/Nm",
        f"RltdPties/Ultmt{party}/Nm",
    )


def _remittance(detail: Any, paths: Paths) -> str:
    said = paths.all(detail, "RmtInf/Ustrd") or paths.all(detail, "RmtInf/Strd/AddtlRmtInf")
    return " ".join(said)


def _code(element: Any, paths: Paths) -> str | None:
    steps = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd")
    domain = [text for path in steps if (text := paths.first(element, path))]
    return "-".join(domain) or paths.first(element, "BkTxCd/Prtry/Cd")


def _fees(element: Any, paths: Paths) -> Decimal | None:
    total = paths.first(element, "Chrgs/TtlChrgsAndTaxAmt")
    if total:
        return amount_of(total, ".")
    single = paths.all(element, "Chrgs/Rcrd/Amt") or paths.all(element, "Chrgs/Amt")
    return sum((amount_of(text, ".") for text in single), Decimal(0)) if single else None


def _original(booked: Transaction, detail: Any, paths: Paths) -> tuple[Decimal | None, str | None]:
    for path in ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "Amt"):
        text = paths.first(detail, path)
        currency = currency_of(paths.attribute(detail, path, "Ccy"))
        if text and currency and currency != booked.currency:
            amount = amount_of(text, ".")
            return (-amount if booked.amount < 0 else amount), currency
    return None, None


def _rate(detail: Any, paths: Paths) -> Decimal | None:
    text = paths.first(
        detail,
        "AmtDtls/InstdAmt/CcyXchg/XchgRate",
        "AmtDtls/TxAmt/CcyXchg/XchgRate",
        "AmtDtls/CntrValAmt/CcyXchg/XchgRate",
    )
    return amount_of(text, ".") if text else None


def _servicer_reference(paths: Paths, detail: Any) -> str | None:
    return _reference(paths.first(detail, "Refs/AcctSvcrRef"))


def _reference(text: str | None) -> str | None:
    return None if text is None or text.upper() in _NO_REFERENCE else text
