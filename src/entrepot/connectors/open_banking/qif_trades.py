"""The actions of `!Type:Invst` in QIF: in which direction the money and the securities went."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from entrepot.core.trade import Transaction

from .figures import amount_of

_OUT = frozenset({"buy", "cvrshrt", "miscexp", "margint", "xout", "withdrw", "buybond"})
_IN = frozenset(
    {"sell", "shtsell", "div", "intinc", "cglong", "cgmid", "cgshort", "miscinc", "rtrncap", "xin", "contrib"}
)
_NO_MONEY = frozenset(
    {"shrsin", "shrsout", "stksplit", "grant", "vest", "exercise", "exercisx", "expire", "reminder",
     "reinvdiv", "reinvint", "reinvlg", "reinvmd", "reinvsh"}
)  # fmt: skip
_FEWER = frozenset({"sell", "shtsell", "shrsout"})


def trade_of(data: Transaction, fields: Mapping[str, str], mark: str | None) -> Transaction:
    """QIF writes amounts of trades without a sign; an `X` at the end of an action names another account for the money.

    A reinvestment moves no money: what it was worth is units times price, and in `extra.tradeAmount`.
    """
    name = fields.get("N", "").strip()
    action = name.lower() if name.lower() in _NO_MONEY else name.lower().removesuffix("x")
    units = amount_of(fields["Q"], mark) if "Q" in fields and action != "stksplit" else None
    extra = data.extra | ({"tradeAmount": str(data.amount)} if action in _NO_MONEY and data.amount else {})
    return msgspec.structs.replace(
        data,
        amount=_signed(data.amount, action),
        check_number=None,
        transaction_code=name or None,
        security=fields.get("Y") or None,
        units=-units if units is not None and action in _FEWER else units,
        unit_price=amount_of(fields["I"], mark) if fields.get("I") else None,
        fees=amount_of(fields["O"], mark) if fields.get("O") else None,
        extra=extra,
    )


def _signed(amount: Decimal, action: str) -> Decimal:
    if action in _OUT:
        return -abs(amount)
    if action in _IN:
        return abs(amount)
    return Decimal(0) if action in _NO_MONEY else amount
