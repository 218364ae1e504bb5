"""Money and trade: accounts and transactions (ISO 20022 names), orders (schema.org), deals, metrics (OpenMetrics)."""

from decimal import Decimal
from typing import Annotated, ClassVar, Literal

import msgspec

from entrepot.core.kind import Kind, Part
from entrepot.core.planner import Instant

IsoDate = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Currency = Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$")]
"""ISO 4217."""


class Balance(Part, frozen=True, kw_only=True):
    """`type` is the ISO 20022 code: OPBD, CLBD, ITBD, CLAV, PRCD, …"""

    type: str
    amount: Decimal
    currency: Currency | None = None
    date: IsoDate | None = None


class Account(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "account"
    standard: ClassVar[str] = "ISO 20022 CashAccount"

    iban: str | None = None
    number: str | None = None
    name: str | None = None
    type: str | None = None
    currency: Currency | None = None
    servicer: str | None = None
    """The bank: its BIC, or the id the file gives."""
    owner: str | None = None
    balances: list[Balance] = []


class Split(Part, frozen=True, kw_only=True):
    amount: Decimal
    category: str | None = None
    memo: str | None = None


class Transaction(Kind, frozen=True, kw_only=True):
    """`amount` is signed: negative leaves the account. Decimal, as text in JSON, never a float."""

    kind: ClassVar[str] = "transaction"
    standard: ClassVar[str] = "ISO 20022 ReportEntry"

    account: str | None = None
    amount: Decimal
    currency: Currency | None = None
    booking_date: IsoDate | None = None
    value_date: IsoDate | None = None
    status: Literal["BOOK", "PDNG", "INFO", "FUTR"] = "BOOK"
    counterparty: str | None = None
    counterparty_account: str | None = None
    counterparty_agent: str | None = None
    remittance: str = ""
    """What the payer wrote (unstructured remittance information)."""
    end_to_end_id: str | None = None
    account_servicer_reference: str | None = None
    transaction_code: str | None = None
    check_number: str | None = None
    category: str | None = None
    memo: str | None = None
    original_amount: Decimal | None = None
    original_currency: Currency | None = None
    exchange_rate: Decimal | None = None
    is_reversal: bool = False
    splits: list[Split] = []
    security: str | None = None
    """ISIN, CUSIP or name, for trades."""
    units: Decimal | None = None
    unit_price: Decimal | None = None
    fees: Decimal | None = None


class OrderLine(Part, frozen=True, kw_only=True):
    name: str
    sku: str | None = None
    quantity: Decimal = Decimal(1)
    price: Decimal | None = None
    product_id: str | None = None


class Order(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "order"
    standard: ClassVar[str] = "schema.org Order"

    order_number: str | None = None
    order_date: Instant | None = None
    order_status: str | None = None
    payment_status: str | None = None
    customer: str | None = None
    seller: str | None = None
    currency: Currency | None = None
    total: Decimal | None = None
    tax: Decimal | None = None
    shipping: Decimal | None = None
    discount: Decimal | None = None
    lines: list[OrderLine] = []
    url: str | None = None
    updated: Instant | None = None


class Deal(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "deal"
    standard: ClassVar[str] = "CRM common model"

    name: str = ""
    amount: Decimal | None = None
    currency: Currency | None = None
    stage: str | None = None
    pipeline: str | None = None
    probability: float | None = None
    """0 to 1."""
    close_date: Instant | None = None
    owner: str | None = None
    description: str = ""
    is_won: bool | None = None
    is_closed: bool | None = None
    contacts: list[str] = []
    companies: list[str] = []
    created: Instant | None = None
    updated: Instant | None = None


class Company(Kind, frozen=True, kw_only=True):
    kind: ClassVar[str] = "company"
    standard: ClassVar[str] = "CRM common model, schema.org Organization"

    name: str = ""
    domain: str | None = None
    industry: str | None = None
    phone: str | None = None
    city: str | None = None
    country: str | None = None
    employees: int | None = None
    annual_revenue: Decimal | None = None
    description: str = ""
    owner: str | None = None
    created: Instant | None = None
    updated: Instant | None = None


class Metric(Kind, frozen=True, kw_only=True):
    """One sample of a measured series; names of OpenMetrics."""

    kind: ClassVar[str] = "metric"
    standard: ClassVar[str] = "OpenMetrics"

    name: str
    type: Literal["gauge", "counter", "histogram", "summary", "info"] = "gauge"
    value: float
    unit: str | None = None
    labels: dict[str, str] = {}
    timestamp: Instant | None = None
