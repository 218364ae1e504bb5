"""Integrations: connected accounts and imported archives, with their settings and how they stand."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from sqlalchemy import Column, Index, Row, Table, Text, and_, func, or_, select

from entrepot.core.errors import PersonMustFix
from entrepot.storage.ids import new_id
from entrepot.storage.metadata import METADATA, Instant, instant, key, public_id, workspace
from entrepot.storage.text import storable
from entrepot.storage.transaction import Reading, Writing

Mode = Literal["live", "archive"]
Status = Literal["ready", "needs-consent", "stopped"]

HUB = "hub"
"""The name, and the platform, of what people and programs make in the hub itself; its key is 0."""

integrations = Table(
    "integrations",
    METADATA,
    key(),
    public_id(),
    workspace(),
    Column("connector", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_name", Text, nullable=False),
    Column("settings", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("last_error", Text, nullable=False),
    instant("created_at"),
    instant("removed_at", nullable=True),
    Column("policy", Text, nullable=False, server_default="{}"),
    Column("permitted_at", Instant, nullable=False, server_default="0"),
)
_still_there = integrations.c.removed_at.is_(None)
Index(
    "uq_integrations_name",
    integrations.c.workspace_id,
    integrations.c.name,
    unique=True,
    sqlite_where=_still_there,
    postgresql_where=_still_there,
)


class Integration(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the row's own number, for other repositories; `id` is what people and programs see.

    `account_id` is empty where nobody said whose account it is.
    """

    key: int
    id: str
    connector: str
    name: str
    mode: Mode
    account_id: str = ""
    account_name: str = ""
    settings: Mapping[str, str] = {}
    base_url: str = ""
    status: Status = "ready"
    last_error: str = ""
    created_at: int = 0
    removed_at: int | None = None
    permitted_at: int = 0
    """When a person last gave permission, in milliseconds."""


_there = integrations.c
_columns = (  # in the order of the struct's fields
    _there.id, _there.public_id, _there.connector, _there.name, _there.mode, _there.account_id, _there.account_name,
    _there.settings, _there.base_url, _there.status, _there.last_error, _there.created_at, _there.removed_at,
    _there.permitted_at,
)  # fmt: skip


class NewIntegration(msgspec.Struct, frozen=True, kw_only=True):
    connector: str
    name: str
    mode: Mode = "live"
    account_id: str = ""
    account_name: str = ""
    settings: Mapping[str, str] = {}
    base_url: str = ""


def add(tx: Writing, workspace_id: int, new: NewIntegration) -> Integration:
    check_name(tx, workspace_id, new.name)
    values = {**msgspec.structs.asdict(new), "settings": _packed(new.settings)}
    added = integrations.insert().values(
        public_id=new_id("int"), workspace_id=workspace_id, status="ready", last_error="", created_at=tx.now(), **values
    )
    return _unpacked(tx.run(added.returning(*_columns)).one())


def check_name(tx: Reading, workspace_id: int, name: str) -> None:
    """A name is given once, in whatever case; `hub` is the hub itself."""
    if name.casefold() == HUB:
        raise PersonMustFix(f"{name!r} is what the hub itself is called. Choose another name with --name.")
    if any(one.name.casefold() == name.casefold() for one in everything(tx, workspace_id)):
        raise PersonMustFix(f"There already is an integration named {name!r}. Choose another name with --name.")


def everything(tx: Reading, workspace_id: int, *, with_removed: bool = False) -> list[Integration]:
    wanted = select(*_columns).where(integrations.c.workspace_id == workspace_id).order_by(integrations.c.id)
    return [_unpacked(row) for row in tx.run(wanted if with_removed else wanted.where(_still_there))]


def find(tx: Reading, workspace_id: int, wanted: str) -> Integration:
    """The integration with this id or name (in any case), or the only one of the connector of this name."""
    there = everything(tx, workspace_id)
    exact = [one for one in there if wanted == one.id or wanted.casefold() == one.name.casefold()]
    found = exact or [one for one in there if one.connector == wanted]
    match found:
        case [one]:
            return one
        case []:
            raise PersonMustFix(
                f"There is no integration {wanted!r}. `entrepot integrations list` shows those there are."
            )
        case _:
            names = ", ".join(sorted(one.name for one in found))
            raise PersonMustFix(f"{wanted!r} means more than one integration: {names}. Say which by its name or id.")


def by_key(tx: Reading, workspace_id: int, number: int) -> Integration:
    """Also one that was removed."""
    found = select(*_columns).where(integrations.c.workspace_id == workspace_id, integrations.c.id == number)
    return _unpacked(tx.run(found).one())


def revive(tx: Writing, workspace_id: int, removed: Integration, name: str, mode: Mode) -> Integration:
    """One that was removed is there again, with what it brought: read anew, that changes and does not come twice."""
    values = {"name": name, "mode": mode, "status": "ready", "last_error": "", "removed_at": None}
    _set(tx, workspace_id, removed.key, values)
    return by_key(tx, workspace_id, removed.key)


def keys_named(tx: Reading, workspace_id: int, name: str) -> list[int]:
    """The keys of all integrations this could mean as a filter (id, name or connector), removed ones too."""
    meant = or_(
        integrations.c.public_id == name,
        func.lower(integrations.c.name) == name.lower(),
        integrations.c.connector == name,
    )
    found = select(integrations.c.id).where(and_(integrations.c.workspace_id == workspace_id, meant))
    return [int(number) for number in tx.run(found).scalars()]


def set_status(tx: Writing, workspace_id: int, number: int, status: Status, last_error: str = "") -> None:
    _set(tx, workspace_id, number, {"status": status, "last_error": storable(last_error)})


def set_account(tx: Writing, workspace_id: int, number: int, account_id: str, account_name: str) -> None:
    _set(tx, workspace_id, number, {"account_id": account_id, "account_name": account_name})


def set_settings(tx: Writing, workspace_id: int, number: int, settings: Mapping[str, str], base_url: str) -> None:
    _set(tx, workspace_id, number, {"settings": _packed(settings), "base_url": base_url})


def set_permitted(tx: Writing, workspace_id: int, number: int) -> None:
    """A person gives permission now: less may be seen from here on than before, and a brake looks twice."""
    _set(tx, workspace_id, number, {"permitted_at": tx.now()})


def make_live(tx: Writing, workspace_id: int, number: int) -> None:
    """What began as an imported archive now has an account behind it; its items and links stay its own."""
    _set(tx, workspace_id, number, {"mode": "live"})


def _set(tx: Writing, workspace_id: int, number: int, values: Mapping[str, str | int | None]) -> None:
    mine = and_(integrations.c.workspace_id == workspace_id, integrations.c.id == number)
    tx.run(integrations.update().where(mine).values(dict(values)))


def _packed(settings: Mapping[str, str]) -> str:
    return msgspec.json.encode(settings).decode()


def _unpacked(row: Row[Any]) -> Integration:
    values: dict[str, Any] = dict(zip(Integration.__struct_fields__, row, strict=True))
    values["settings"] = msgspec.json.decode(values["settings"], type=dict[str, str])
    return Integration(**values)
