"""Connecting an account and using it: all of `auth` that the command line and the hub call."""

from collections.abc import Mapping, Sequence

import msgspec

from entrepot.auth import apps, held, oauth2, schemes, turns
from entrepot.auth.asking import Asking, sending
from entrepot.auth.held import Held
from entrepot.auth.oauth2 import App, Consent
from entrepot.auth.tokens import Tokens, TokenSigner
from entrepot.auth.turns import Where
from entrepot.core.errors import EntrepotError, NeedsConsent, PersonMustFix
from entrepot.core.secret import Secret
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import Asked, OAuth2
from entrepot.storage import credentials, integrations, token_journal
from entrepot.storage.credentials import Credential
from entrepot.storage.database import Database
from entrepot.storage.integrations import Integration
from entrepot.storage.transaction import Reading, Writing
from entrepot.transport.client import Log
from entrepot.transport.signing import Signer
from entrepot.vault.vault import Vault


class Place(msgspec.Struct, frozen=True):
    """Where an account is: the connector, the person's settings, and the address of their own server, if any."""

    manifest: Manifest
    settings: Mapping[str, str] = {}
    base_url: str = ""


class Needs(msgspec.Struct, frozen=True):
    """What it takes to connect. `by_browser`: send the person to `Started.url`; else ask for `fields`.

    `app_missing` is empty, or says what to register where; an app is needed for OAuth alone.
    """

    scheme: str
    by_browser: bool
    fields: Sequence[Asked]
    app_missing: str = ""
    help: str = ""


class Started(msgspec.Struct, frozen=True):
    """`url` is where the person says yes; `consent` must be handed to `finish_connect`, and holds secrets."""

    url: str
    consent: Consent
    scheme: str


class Connections:
    """Of one workspace. `environment` holds app registrations; `allow_private` lets a base address be a private one."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        workspace_id: int,
        *,
        environment: Mapping[str, str],
        allow_private: bool = True,
        log: Log | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._workspace = workspace_id
        self._environment = environment
        self._allow_private = allow_private
        self._log = log

    def needs(self, place: Place, redirect_uri: str) -> Needs:
        """What to ask the person for by the scheme that the manifest recommends."""
        scheme = schemes.choose(place.manifest)
        by_browser = isinstance(scheme, OAuth2) and scheme.grants[0] == "authorization_code"
        missing = ""
        if isinstance(scheme, OAuth2) and self._find_app(place.manifest) is None:
            missing = apps.missing(place.manifest.id, place.manifest.name, redirect_uri).message
        return Needs(scheme.scheme, by_browser, schemes.fields(scheme), missing, scheme.help)

    def start_connect(self, place: Place, redirect_uri: str, *, write: bool = False) -> Started:
        """The page where the person says yes, asking for the least scopes."""
        scheme = _oauth(place.manifest)
        if "authorization_code" not in scheme.grants or scheme.authorize_url is None:
            raise PersonMustFix(f"{place.manifest.name} is not connected by browser. Give {schemes.name_ways(scheme)}.")
        asking = self._asking(place, scheme, redirect_uri=redirect_uri)
        consent = oauth2.new_consent(redirect_uri, schemes.scopes(scheme, write=write))
        return Started(oauth2.authorization_url(asking.server, asking.app, consent), consent, scheme.scheme)

    async def finish_connect(self, place: Place, started: Started, callback: str) -> Held:
        """From the address the person came back with to a credential, which `keep` then stores."""
        asking = self._asking(place, _oauth(place.manifest))
        code = oauth2.read_callback(asking.server, started.consent, callback)
        async with asking.send() as send:
            grant = await oauth2.exchange_code(asking.server, asking.app, started.consent, code, send)
        return Held(started.scheme, {}, grant="authorization_code").renewed(asking.completed(grant))

    async def connect_with(self, place: Place, given: Mapping[str, Secret], *, write: bool = False) -> Held:
        """From what the person gave (a ready token, a name and password, keys, or nothing) to a credential."""
        scheme = schemes.choose(place.manifest, list(given))
        if isinstance(scheme, OAuth2) and "access_token" not in given:
            grant = "password" if "password" in given else "client_credentials"
            if grant not in scheme.grants:
                raise PersonMustFix(
                    f"{place.manifest.name} is connected by browser, or with {schemes.name_ways(scheme)}."
                )
            values = schemes.hold(place.manifest, given).values
            first = Held(scheme.scheme, values, grant, schemes.scopes(scheme, write=write))
            return await self._asking(place, scheme, write=write).first(first)
        return schemes.hold(place.manifest, given)

    def keep(self, tx: Writing, integration: Integration, new: Held) -> None:
        """Store a credential, of a new integration or in place of the one it had; then all is well again."""
        held.keep(tx, self._vault, self._workspace, integration.key, new)
        if integration.status == "needs-consent":
            integrations.set_status(tx, self._workspace, integration.key, "ready")

    def signer_with(self, place: Place, new: Held) -> Signer:
        """Signs with a credential that is not stored yet: to probe it first."""
        return schemes.signer(schemes.of_name(place.manifest, new.scheme), new, place.settings)

    def signer_for(self, place: Place, integration: Integration) -> Signer:
        """Signs for an integration, renewing tokens as needed."""
        opened = self._open(integration)
        if opened is None:
            if any(scheme.scheme == "none" for scheme in place.manifest.schemes):
                return schemes.signer(schemes.of_name(place.manifest, "none"), Held("none", {}), place.settings)
            raise NeedsConsent(f"{integration.name} is not connected. Connect it again.")
        scheme = schemes.of_name(place.manifest, opened.scheme)
        if isinstance(scheme, OAuth2):
            return TokenSigner(self._tokens(place, scheme, integration, opened))
        return schemes.signer(scheme, opened, place.settings)

    def may_write(self, place: Place, integration: Integration) -> bool:
        """Whether the permission that was given covers writing. Of a key or a password nobody can tell: then True."""
        opened = self._open(integration)
        scheme = schemes.of_name(place.manifest, opened.scheme) if opened else None
        if opened is None or not isinstance(scheme, OAuth2) or not opened.scopes:
            return True
        return set(scheme.scopes.write) <= set(opened.scopes)

    async def disconnect(self, place: Place, integration: Integration) -> bool:
        """Forget the credential, and give the tokens back where the service takes them; True if it did."""
        opened = self._open(integration)
        with self._database.write() as tx:
            credentials.remove(tx, self._workspace, integration.key)
            token_journal.remove(tx, self._workspace, integration.key)
        scheme = schemes.of_name(place.manifest, opened.scheme) if opened else None
        if opened is None or not isinstance(scheme, OAuth2) or not scheme.revoke_url:
            return False
        try:
            return await self._asking(place, scheme).revoke(opened)
        except EntrepotError:
            return False  # the service may be gone for good; what was here is forgotten all the same

    def due(self, tx: Reading) -> list[Credential]:
        """Credentials whose idle tokens should be renewed now, of all workspaces."""
        return credentials.due(tx, tx.now())

    async def renew(self, place: Place, integration: Integration) -> None:
        """Use an idle refresh token before it dies; the answer to `due`."""
        opened = self._open(integration)
        scheme = schemes.of_name(place.manifest, opened.scheme) if opened else None
        if opened is not None and isinstance(scheme, OAuth2):
            await self._tokens(place, scheme, integration, opened).renew_now()

    def explain(self, tx: Reading, integration: Integration) -> str:
        """A sentence about a token request that was cut off, for the person; empty where there was none."""
        return turns.explain(tx, self._workspace, integration.key)

    def _tokens(self, place: Place, scheme: OAuth2, integration: Integration, opened: Held) -> Tokens:
        where = Where(self._database, self._vault, self._workspace, integration.key, integration.name)
        renew = self._asking(place, scheme).renew if opened.is_renewable else None
        return Tokens(where, renew)

    def _asking(self, place: Place, scheme: OAuth2, redirect_uri: str = "", *, write: bool = False) -> Asking:
        app = self._find_app(place.manifest)
        if app is None:
            raise apps.missing(place.manifest.id, place.manifest.name, redirect_uri or "this hub shows")
        expires = scheme.expires
        return Asking(
            server=schemes.server(place.manifest, scheme, place.settings, place.base_url),
            app=app,
            send=sending(place.manifest, place.base_url, allow_private=self._allow_private, log=self._log),
            scopes=schemes.scopes(scheme, write=write),
            lives=None if isinstance(expires, str) else expires.total_seconds(),
            idle=scheme.refresh_idle.total_seconds() if scheme.refresh_idle else None,
        )

    def _find_app(self, manifest: Manifest) -> App | None:
        with self._database.read() as tx:
            return apps.find(tx, self._vault, self._workspace, manifest.id, self._environment)

    def _open(self, integration: Integration) -> Held | None:
        found = held.read(self._database, self._vault, self._workspace, integration.key)
        return found.held if found else None


def _oauth(manifest: Manifest) -> OAuth2:
    for scheme in manifest.schemes:
        if isinstance(scheme, OAuth2):
            return scheme
    raise PersonMustFix(f"{manifest.name} is not connected by browser. Give {schemes.name_ways(manifest.schemes[0])}.")
