"""A credential in the clear, while it is used: what the person gave or the service granted, by name."""

from collections.abc import Mapping

import msgspec

from entrepot.auth.grants import Grant
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.storage import credentials
from entrepot.storage.credentials import Credential, Sealed
from entrepot.storage.database import Database
from entrepot.storage.transaction import Reading, Writing
from entrepot.vault.cipher import Place
from entrepot.vault.vault import Vault

IDLE_SHARE = 2 / 3
"""An idle refresh token is used after this part of its life, so that a week of no power does not kill it."""


class Held(msgspec.Struct, frozen=True):
    """`values` hold what the scheme asks for, or `access_token` and `refresh_token`. Lifetimes are in seconds.

    `grant` is how OAuth tokens were given; empty for a ready token, which nobody but the person can replace.
    """

    scheme: str
    values: Mapping[str, Secret]
    grant: str = ""
    scopes: tuple[str, ...] = ()
    expires_in: float | None = None
    idle_seconds: float | None = None

    @property
    def is_renewable(self) -> bool:
        return self.value("refresh_token") is not None or self.grant in {"client_credentials", "password"}

    def value(self, name: str) -> Secret | None:
        found = self.values.get(name)
        return found or None

    def renewed(self, grant: Grant) -> "Held":
        """With the tokens of a grant; a refresh token missing from it keeps the old one (RFC 6749, 6)."""
        tokens = {"access_token": grant.access_token}
        if grant.refresh_token is not None:
            tokens["refresh_token"] = grant.refresh_token
        return msgspec.structs.replace(
            self,
            values={**self.values, **tokens},
            scopes=grant.scopes or self.scopes,
            expires_in=grant.expires_in,
            idle_seconds=grant.refresh_expires_in or self.idle_seconds,
        )


class _Packed(msgspec.Struct, frozen=True):
    values: dict[str, str]
    grant: str = ""
    scopes: tuple[str, ...] = ()
    idle_seconds: float | None = None


def seal(tx: Writing, vault: Vault, workspace_id: int, integration_id: int, held: Held) -> Sealed:
    """For its row in `credentials`; its lifetimes begin now, by the database's clock."""
    return Sealed(
        scheme=held.scheme,
        sealed=vault.seal(tx, workspace_id, _place(workspace_id, integration_id), _pack(held)),
        expires_at=_instant(tx, held.expires_in),
        refresh_by=_instant(tx, held.idle_seconds and held.idle_seconds * IDLE_SHARE)
        if held.value("refresh_token")
        else None,
    )


def keep(tx: Writing, vault: Vault, workspace_id: int, integration_id: int, held: Held) -> None:
    """A new credential of an integration, in place of any it had."""
    credentials.put(tx, workspace_id, integration_id, seal(tx, vault, workspace_id, integration_id, held))


class Stored(msgspec.Struct, frozen=True):
    """A credential's row, opened; `now` is the database's time when it was read."""

    found: Credential
    held: Held
    now: int


def read(database: Database, vault: Vault, workspace_id: int, integration_id: int) -> Stored | None:
    """Tried twice: a rotation may put the old master key away between the look at the row and at the key file."""
    try:
        return _read(database, vault, workspace_id, integration_id)
    except PersonMustFix:
        return _read(database, vault, workspace_id, integration_id)


def _read(database: Database, vault: Vault, workspace_id: int, integration_id: int) -> Stored | None:
    with database.read() as tx:
        found = credentials.find(tx, workspace_id, integration_id)
        return Stored(found, _unseal(tx, vault, found), tx.now()) if found else None


def _unseal(tx: Reading, vault: Vault, found: Credential) -> Held:
    place = _place(found.workspace_id, found.integration_id)
    text = vault.open(tx, found.workspace_id, place, found.sealed)
    packed = msgspec.json.decode(text.reveal(), type=_Packed)
    values = {name: Secret(value) for name, value in packed.values.items()}
    return Held(found.scheme, values, packed.grant, packed.scopes, idle_seconds=packed.idle_seconds)


def _pack(held: Held) -> Secret:
    values = {name: value.reveal() for name, value in held.values.items()}
    return Secret(msgspec.json.encode(_Packed(values, held.grant, held.scopes, held.idle_seconds)).decode())


def _instant(tx: Reading, seconds: float | None) -> int | None:
    return None if seconds is None else tx.now() + int(seconds * 1000)


def _place(workspace_id: int, integration_id: int) -> Place:
    return Place(str(workspace_id), "credentials", str(integration_id), "sealed")
