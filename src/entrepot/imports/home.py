"""To which integration an archive belongs: the account it is of, connected live or imported before, or a new one."""

from entrepot.sdk.connector import Account
from entrepot.storage import integrations
from entrepot.storage.integrations import Integration, NewIntegration
from entrepot.storage.transaction import Reading, Writing


def home_of(tx: Writing, workspace_id: int, connector: str, account: Account | None) -> Integration:
    """The integration of the same account; where the archive does not say whose it is, the only one there is.

    So an archive and the live account it came from share their links, and nothing arrives twice.
    """
    there = [one for one in integrations.everything(tx, workspace_id) if one.connector == connector]
    if account is None:
        candidates = there
    else:
        same = [one for one in there if one.account_id == account.id]
        candidates = same or [one for one in there if not one.account_id]
    if len(candidates) == 1:
        return _named(tx, workspace_id, candidates[0], account)
    unsaid = [one for one in candidates if one.mode == "archive" and not one.account_id]
    if account is None and unsaid:
        return unsaid[0]
    new = NewIntegration(
        connector=connector,
        name=free_name(tx, workspace_id, account.name if account and account.name and there else connector),
        mode="archive",
        account_id=account.id if account else "",
        account_name=account.name if account else "",
    )
    return integrations.add(tx, workspace_id, new)


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
