"""Amounts with their currency: decimals, text, or whole minor units with the exponents of ISO 4217."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from entrepot.core.lens import Lens, LensError, shown
from entrepot.core.lens_number import as_decimal, as_integer, decimal_text, shortest

Form = Literal["number", "text", "minor"]

_NONE = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
)  # fmt: skip
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_FOUR = ("CLF", "UYW")
_EXPONENTS = {**dict.fromkeys(_NONE, 0), **dict.fromkeys(_THREE, 3), **dict.fromkeys(_FOUR, 4)}
_CODE = re.compile(r"[A-Z]{3}")


def exponent(currency: str) -> int:
    """How many decimals the currency has: https://www.six-group.com/en/products-services/financial-information/data-standards.html."""
    return _EXPONENTS.get(currency, 2)


def as_currency(value: object) -> str:
    if isinstance(value, str) and _CODE.fullmatch(code := value.strip().upper()):
        return code
    raise LensError(f"{shown(value)} is not a currency (three letters, ISO 4217)")


def money(form: Form, fixed: str | None = None) -> Lens:
    """Native (amount, currency) ↔ (Decimal, currency); with `fixed` the amount alone, in that currency."""
    currency = as_currency(fixed) if fixed else None

    def read(natives: object) -> tuple[Decimal | None, str | None]:
        native, code = _pair(natives, currency)
        return (_amount(form, native, code), code) if native is not None and native != "" else (None, code)

    def write(values: Sequence[object]) -> object:
        amount, code = values
        held = as_currency(code) if code is not None else currency
        if currency and held != currency:
            raise LensError(f"the service keeps {currency}, not {held}")
        native = None if amount is None else _native(form, amount, held)
        return native if currency else (native, held)

    return Lens(f"money as {form}", read, write)


def _pair(natives: object, fixed: str | None) -> tuple[object, str | None]:
    if fixed:
        return natives, fixed
    if not isinstance(natives, tuple) or len(natives) != 2:
        raise LensError(f"expected an amount and a currency, found {shown(natives)}")
    return natives[0], None if natives[1] is None or natives[1] == "" else as_currency(natives[1])


def _amount(form: Form, native: object, currency: str | None) -> Decimal:
    if form != "minor":
        return as_decimal(native)
    if currency is None:
        raise LensError("an amount in minor units means nothing without its currency")
    return Decimal(as_integer(native)).scaleb(-exponent(currency))


def _native(form: Form, amount: object, currency: str | None) -> object:
    value = as_decimal(amount)
    if form == "text":
        return decimal_text(value)
    if form == "number":
        return shortest(value)
    if currency is None:
        raise LensError("an amount in minor units means nothing without its currency")
    units = value.scaleb(exponent(currency))
    if units != units.to_integral_value():
        raise LensError(f"{decimal_text(value)} {currency} is finer than the currency's smallest unit")
    return int(units)
