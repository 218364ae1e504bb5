"""What one import gathers besides the stream: keys that stay the same, and each account once with its balances."""

import re
from collections.abc import Iterator

import msgspec

from entrepot.core.change import Change, Ref
from entrepot.core.trade import Account, Balance
from entrepot.protocols import archive_keys

ACCOUNTS = "accounts"
TRANSACTIONS = "transactions"
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}").fullmatch


def key_of(*parts: str | None) -> str:
    return archive_keys.key_of(*(part or "" for part in parts))


def iban_of(text: str) -> str | None:
    """The text without blanks if it has the shape of an IBAN."""
    compact = text.replace(" ", "").upper()
    return compact if _IBAN(compact) else None


class Repeats(archive_keys.RepeatedKeys):
    """For rows without a reference: two equal ones in one file are two bookings, in two files one and the same."""

    def key(self, *parts: str | None) -> str:
        return self.key_of(*(part or "" for part in parts))


class Ledger:
    """Accounts are given out at the end: a second import then meets the same account, not one a statement."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def add(self, identity: str, account: Account) -> None:
        known = self._accounts.get(identity)
        self._accounts[identity] = account if known is None else _join(known, account)

    def balance(self, identity: str | None, balance: Balance) -> None:
        known = self._accounts.get(identity or "")
        if known is not None and identity is not None:
            self._accounts[identity] = _join(known, Account(balances=[balance]))

    def changes(self) -> Iterator[Change]:
        for identity, account in sorted(self._accounts.items()):
            yield Change(stream=ACCOUNTS, ref=Ref(identity), data=account)


def _join(old: Account, new: Account) -> Account:
    balances = {(balance.type, balance.currency): balance for balance in old.balances}
    for balance in new.balances:
        before = balances.get((balance.type, balance.currency))
        if before is None or (balance.date or "") >= (before.date or ""):
            balances[balance.type, balance.currency] = balance
    return msgspec.structs.replace(
        old,
        iban=new.iban or old.iban,
        number=new.number or old.number,
        name=new.name or old.name,
        type=new.type or old.type,
        currency=new.currency or old.currency,
        servicer=new.servicer or old.servicer,
        owner=new.owner or old.owner,
        balances=[balances[key] for key in sorted(balances, key=str)],
    )
