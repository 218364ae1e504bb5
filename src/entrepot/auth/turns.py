"""Whose turn it is to renew a token: the steps of `Tokens` that touch the database, each one short transaction."""

import msgspec

from entrepot.auth import held
from entrepot.auth.grants import Grant
from entrepot.auth.held import Held, Stored
from entrepot.core.errors import NeedsConsent
from entrepot.core.secret import Secret
from entrepot.storage import credentials, integrations, token_journal
from entrepot.storage.credentials import Credential
from entrepot.storage.database import Database
from entrepot.storage.transaction import Reading, Writing
from entrepot.vault.vault import Vault

LEASE = 45.0
"""Seconds; longer than a token request may take (`asking.SECONDS`), so no living process loses it in mid-call."""
MARGIN = 60.0
MARGIN_SHARE = 0.1
CLOCK_STEP = 60_000
"""Milliseconds a clock may be set back without a credential written `in the future` being called old."""
PAUSE = 5_000
FOREVER = 10 * 365 * 86400.0
STOPPED = "The hub stopped while a new token was on its way; reconnect if the next run asks you to."


class Where(msgspec.Struct, frozen=True):
    """Which integration's credential, and what opens it. `service` is for people."""

    database: Database
    vault: Vault
    workspace_id: int
    integration_id: int
    service: str


class Owner(msgspec.Struct, frozen=True):
    name: str
    lease: float

    @property
    def milliseconds(self) -> int:
        return int(self.lease * 1000)


class Fresh(msgspec.Struct, frozen=True):
    """A token for use. `good_for` and `age` are seconds at the moment it was read, by the database's clock."""

    version: int
    token: Secret
    good_for: float
    age: float


class Mine(msgspec.Struct, frozen=True):
    """The lease is ours and the journal written: we ask, nobody else does."""

    found: Credential
    held: Held
    entry: int


Turn = Fresh | Mine | None
"""None: another process asks; look again soon."""


def look(where: Where) -> Fresh:
    """The token as it is stored, fresh or not."""
    return _fresh(where, _read(where))


def take(where: Where, owner: Owner, unwanted: int, *, can_renew: bool) -> Turn:
    """The token if it is good and not of the unwanted version; else the turn to renew it, if it is free."""
    stored = _read(where)
    found = stored.found
    if not can_renew or _is_usable(stored, unwanted):
        return _fresh(where, stored)
    if found.is_leased(stored.now, owner.milliseconds):
        return None
    with where.database.write(durable=True) as tx:
        _raise_if_refused(tx, where, found)
        if not credentials.take_lease(tx, found, owner.name, owner.milliseconds):
            return None
        entry = token_journal.begin(tx, where.workspace_id, where.integration_id, found.version, owner.name)
    return Mine(found, stored.held, entry)


def keep(where: Where, mine: Mine, grant: Grant) -> Fresh:
    """Store the new tokens, unless somebody stored later ones meanwhile: then those are the ones to use."""
    new = mine.held.renewed(grant)
    with where.database.write(durable=True) as tx:
        sealed = held.seal(tx, where.vault, where.workspace_id, where.integration_id, new)
        is_kept = credentials.replace(tx, mine.found, sealed)
        token_journal.end(tx, where.workspace_id, mine.entry, "kept" if is_kept else "overtaken")
        if is_kept:
            _close_open(tx, where)
            _set_ready(tx, where)
    return look(where)


def refused(where: Where, owner: Owner, mine: Mine, detail: str) -> Fresh:
    """Read again first: another process may have been given the token that made ours old."""
    with where.database.write() as tx:
        now = credentials.find(tx, where.workspace_id, where.integration_id)
        if now is not None and now.version == mine.found.version:
            was_cut_off = bool(_cut_off(tx, where, mine))
            token_journal.end(tx, where.workspace_id, mine.entry, "refused")
            credentials.end_lease(tx, now, owner.name)
            error = _gone(where, detail, was_cut_off=was_cut_off)
            integrations.set_status(tx, where.workspace_id, where.integration_id, "needs-consent", error.message)
        else:
            token_journal.end(tx, where.workspace_id, mine.entry, "overtaken")
            error = None
    if error is not None:
        raise error
    return look(where)


def failed(where: Where, owner: Owner, mine: Mine) -> None:
    """The service was busy or down. The others wait a moment instead of asking it one after another."""
    with where.database.write() as tx:
        token_journal.end(tx, where.workspace_id, mine.entry, "failed")
        credentials.end_lease(tx, mine.found, owner.name, after=PAUSE)


def explain(tx: Reading, workspace_id: int, integration_id: int, lease: float = LEASE) -> str:
    """What to tell the person about a renewal nobody came back from; empty where there is none."""
    found = credentials.find(tx, workspace_id, integration_id)
    if found is None:
        return ""
    for entry in token_journal.entries(tx, workspace_id, integration_id):
        over = tx.now() >= entry.begun_at + int(lease * 1000)
        if entry.outcome == "open" and entry.version == found.version and over:
            return STOPPED
    return ""


def _read(where: Where) -> Stored:
    stored = held.read(where.database, where.vault, where.workspace_id, where.integration_id)
    if stored is None:
        raise NeedsConsent(f"{where.service} is not connected. Connect it again.")
    return stored


def _fresh(where: Where, stored: Stored) -> Fresh:
    found, now = stored.found, stored.now
    token = stored.held.value("access_token")
    if token is None:
        raise NeedsConsent(f"{where.service} is connected without an access token. Connect it again.")
    return Fresh(found.version, token, max(_good_for(found, now), 0.0), max((now - found.renewed_at) / 1000, 0.0))


def _good_for(found: Credential, now: int) -> float:
    """Seconds until it should be renewed: a minute before its end, or a tenth of its life if that is less."""
    if found.expires_at is None:
        return FOREVER
    if now < found.renewed_at - CLOCK_STEP:
        return 0.0  # the clock was set back since: nobody knows how old this token is
    life = (found.expires_at - found.renewed_at) / 1000
    return (found.expires_at - now) / 1000 - min(MARGIN, life * MARGIN_SHARE)


def _is_usable(stored: Stored, unwanted: int) -> bool:
    has_token = stored.held.value("access_token") is not None
    return has_token and stored.found.version != unwanted and _good_for(stored.found, stored.now) > 0


def _raise_if_refused(tx: Reading, where: Where, found: Credential) -> None:
    """What the service has refused once is not asked again until the person has reconnected."""
    for entry in token_journal.entries(tx, where.workspace_id, where.integration_id):
        if entry.outcome == "refused" and entry.version == found.version:
            raise _gone(where, "refused before", was_cut_off=False)


def _cut_off(tx: Reading, where: Where, mine: Mine) -> list[int]:
    """Earlier calls with the same token that nobody came back from."""
    entries = token_journal.entries(tx, where.workspace_id, where.integration_id)
    same = (entry for entry in entries if entry.version == mine.found.version and entry.key != mine.entry)
    return [entry.key for entry in same if entry.outcome == "open"]


def _close_open(tx: Writing, where: Where) -> None:
    """The old token was still good after all: what was cut off did no harm."""
    for entry in token_journal.entries(tx, where.workspace_id, where.integration_id):
        if entry.outcome == "open":
            token_journal.end(tx, where.workspace_id, entry.key, "overtaken")


def _set_ready(tx: Writing, where: Where) -> None:
    status = integrations.by_key(tx, where.workspace_id, where.integration_id).status
    if status == "needs-consent":
        integrations.set_status(tx, where.workspace_id, where.integration_id, "ready")


def _gone(where: Where, detail: str, *, was_cut_off: bool) -> NeedsConsent:
    why = "The hub stopped while a new token was on its way, and " if was_cut_off else ""
    text = f"{why}{where.service} no longer accepts the permission this hub has. Reconnect it."
    return NeedsConsent(text, detail=detail)
