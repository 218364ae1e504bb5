"""What the details of a CAMT entry (TxDtls) tell: the other party, the payer's words, amounts in another currency."""

from collections.abc import Sequence
from decimal import Decimal

from .camt_fields import Fields
from .figures import amount_of, currency_of

_ACCOUNTS = ("IBAN", "Othr/Id", "BBAN", "PrtryAcct/Id")
_AGENTS = ("BICFI", "BIC", "Nm", "ClrSysMmbId/MmbId")
_FOREIGN = ("AmtDtls/InstdAmt/Amt", "AmtDtls/TxAmt/Amt", "Amt")
_RATES = tuple(f"AmtDtls/{amount}/CcyXchg/XchgRate" for amount in ("InstdAmt", "TxAmt", "CntrValAmt"))
_PATHS = {
    party: (
        (
            f"RltdPties/{party}/Pty/Nm", f"RltdPties/{party}/Nm", f"RltdPties/{party}/Agt/FinInstnId/Nm",
            f"RltdPties/Ultmt{party}/Pty/Nm", f"RltdPties/Ultmt{party}/Nm",
        ),
        tuple(f"RltdPties/{party}Acct/Id/{form}" for form in _ACCOUNTS),
        tuple(f"RltdAgts/{party}Agt/FinInstnId/{form}" for form in _AGENTS),
    )
    for party in ("Dbtr", "Cdtr")
}  # fmt: skip


def counterparty_of(detail: Fields, party: str) -> tuple[str | None, str | None, str | None]:
    """Name, account and bank of the `Dbtr` or the `Cdtr`."""
    names, accounts, agents = _PATHS[party]
    return detail.first(*names), detail.first(*accounts), detail.first(*agents)


def remittance_of(detail: Fields) -> str:
    return " ".join(detail.all("RmtInf/Ustrd") or detail.all("RmtInf/Strd/AddtlRmtInf"))


def foreign_of(detail: Fields, booked: str | None) -> tuple[Decimal | None, str | None]:
    """The amount in the currency it was ordered in, if that is not the booked one; unsigned."""
    for path in _FOREIGN:
        text = detail.first(path)
        currency = currency_of(detail.currency(path))
        if text and currency and currency != booked:
            return amount_of(text, "."), currency
    return None, None


def rate_of(detail: Fields) -> Decimal | None:
    text = detail.first(*_RATES)
    return amount_of(text, ".") if text else None


def summary_of(detail: Fields, amounts: Sequence[str]) -> dict[str, object]:
    """For a batch that stays one transaction: what it consisted of."""
    path = next((path for path in amounts if detail.first(path)), amounts[0])
    found = {
        "amount": detail.first(path),
        "currency": detail.currency(path),
        "debtor": counterparty_of(detail, "Dbtr")[0],
        "creditor": counterparty_of(detail, "Cdtr")[0],
        "remittance": remittance_of(detail),
        "endToEndId": detail.first("Refs/EndToEndId"),
    }
    return {name: value for name, value in found.items() if value}
