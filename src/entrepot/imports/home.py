"""To which integration an archive belongs: the account it is of, connected live or imported before, or a new one."""

from entrepot.sdk.connector import Account
from entrepot.storage import integrations, workspaces
from entrepot.storage.integrations import Integration, NewIntegration
from entrepot.storage.text import storable
from entrepot.storage.transaction import Reading, Writing


def home_of(tx: Writing, workspace_id: int, connector: str, account: Account | None) -> Integration:
    """The integration of the same account; where the archive does not say whose it is, the only one there is.

    So an archive and the live account it came from share their links, and nothing arrives twice. One that was
    removed but left its data is taken up again for the same reason.
    """
    workspaces.lock(tx, workspace_id)
    account = storable_account(account) if account else None
    there = [one for one in integrations.everything(tx, workspace_id) if one.connector == connector]
    if account is None:
        candidates = there
    else:
        same = [one for one in there if is_of(one, account)]
        candidates = same or [one for one in there if not one.account_id]
    if len(candidates) == 1:
        return _named(tx, workspace_id, candidates[0], account)
    unsaid = [one for one in candidates if one.mode == "archive" and not one.account_id]
    if account is None and unsaid:
        return unsaid[0]
    removed = removed_of(tx, workspace_id, connector, account.id if account else "")
    if removed:
        name = free_name(tx, workspace_id, removed[0].name)
        return integrations.revive(tx, workspace_id, removed[0], name, "archive")
    new = NewIntegration(
        connector=connector,
        name=free_name(tx, workspace_id, account.name if account and account.name and there else connector),
        mode="archive",
        account_id=account.id if account else "",
        account_name=account.name if account else "",
    )
    return integrations.add(tx, workspace_id, new)


def removed_of(tx: Reading, workspace_id: int, connector: str, account_id: str) -> list[Integration]:
    """Those of this account that were removed, the last one first."""
    every = integrations.everything(tx, workspace_id, with_removed=True)
    mine = [one for one in every if one.removed_at and one.connector == connector and one.account_id == account_id]
    return sorted(mine, key=lambda one: one.removed_at or 0, reverse=True)


def storable_account(account: Account) -> Account:
    """As the database will give it back, so that it is recognised the next time."""
    return Account(storable(account.id), storable(account.name))


def is_of(one: Integration, account: Account) -> bool:
    """By the id of the account; an archive that knows only a name says it as the id, and is known by it."""
    knows_only_the_name = account.id == account.name or (one.mode == "archive" and one.account_id == one.account_name)
    return one.account_id == account.id or (knows_only_the_name and one.account_name == account.name != "")


def free_name(tx: Reading, workspace_id: int, wanted: str) -> str:
    """`wanted`, or with a number where another integration has it."""
    taken = {one.name.casefold() for one in integrations.everything(tx, workspace_id)}
    names = [wanted, *(f"{wanted} {number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name.casefold() not in taken)


def _named(tx: Writing, workspace_id: int, one: Integration, account: Account | None) -> Integration:
    if account is None or one.account_id:
        return one
    integrations.set_account(tx, workspace_id, one.key, account.id, account.name)
    return one
