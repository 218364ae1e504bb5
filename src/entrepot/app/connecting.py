"""Connecting an account: permission asked for or given, proved by a probe, and only then kept."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from entrepot.app import views
from entrepot.app.given_settings import check_settings
from entrepot.app.reading import opened, place_of
from entrepot.app.services import Services
from entrepot.app.views import IntegrationView, Removed
from entrepot.auth import apps
from entrepot.auth.connections import Needs, Place
from entrepot.auth.held import Held
from entrepot.auth.loopback import Loopback
from entrepot.auth.oauth2 import App
from entrepot.core.errors import NeedsConsent, PersonMustFix
from entrepot.core.secret import Secret
from entrepot.imports.home import free_name, is_of, removed_of, storable_account
from entrepot.jobs import runs
from entrepot.sdk import manifest_file
from entrepot.sdk.connector import Account
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import Asked
from entrepot.storage import integrations, removal, workspaces
from entrepot.storage.integrations import Integration, NewIntegration
from entrepot.storage.orphans import clear_orphans
from entrepot.storage.transaction import Writing


class Person(Protocol):
    """Whoever connects, if somebody is there."""

    def visit(self, url: str) -> None:
        """Send them to the page where they say yes."""
        ...

    def answer(self, asked: Sequence[Asked], help_: str) -> Mapping[str, Secret]:
        """Ask them for what the service needs."""
        ...


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """`connector` may name a provider of a protocol: `caldav:fastmail`. `port` fixes the loopback redirect's.

    `write` asks for permission to write, too.
    """

    connector: str
    name: str | None = None
    settings: Mapping[str, str] = {}
    secrets: Mapping[str, Secret] = {}
    base_url: str | None = None
    port: int = 0
    write: bool = False


async def connect(services: Services, wanted: Connect, person: Person | None = None) -> IntegrationView:
    """Nothing is kept unless the service has said whose account it is. The same account again is a reconnection."""
    place, secrets = _place(services, wanted)
    held = await _permission(services, place, secrets, wanted, person)
    signer = services.connections.signer_with(place, held)
    async with opened(services, place, signer) as reader:
        account = await reader.probe()
    return await asyncio.to_thread(_keep, services, wanted, place, storable_account(account), held)


async def remove(services: Services, wanted: str, *, delete_data: bool) -> Removed:
    """Forget an integration; its token is given back where the service takes it."""
    with services.database.read() as tx:
        found = integrations.find(tx, services.workspace, wanted)
    if found.mode == "live":
        await services.connections.disconnect(place_of(services, found), found)
    runs.requeue_expired(services.database)
    with services.database.write() as tx:
        count = removal.remove(tx, services.workspace, found, with_data=delete_data)
    if delete_data:
        clear_orphans(services.database, services.blobs)
        services.database.compact()
    return Removed(found.id, count)


def register(services: Services, connector: str, client_id: str, client_secret: Secret | None) -> None:
    """Keep an app registration in the vault."""
    entry = services.catalog.entry(connector)
    with services.database.write() as tx:
        apps.keep(tx, services.vault, services.workspace, entry.id, App(client_id, client_secret))


def _place(services: Services, wanted: Connect) -> tuple[Place, Mapping[str, Secret]]:
    connector, _, variant = wanted.connector.partition(":")
    manifest = manifest_file.load(services.catalog.entry(connector).manifest)
    base_url = wanted.base_url or ""
    settings = {name: setting.default for name, setting in manifest.settings.items() if setting.default}
    if variant:
        if variant not in manifest.variants:
            known = ", ".join(f"{connector}:{name}" for name in manifest.variants) or "none"
            raise PersonMustFix(f"{manifest.name} knows no provider {variant!r}. Known ones: {known}.")
        base_url = base_url or str(manifest.variants[variant].base_url or "")
        settings |= manifest.variants[variant].settings
    asked = {field.name for scheme in manifest.schemes for field in scheme.asks}
    plain = {name: Secret(value) for name, value in wanted.settings.items() if name in asked}
    settings |= {name: value for name, value in wanted.settings.items() if name not in asked}
    if "base_url" in settings:
        base_url = base_url or settings.pop("base_url")
    check_settings(manifest, settings)
    return Place(manifest, settings, base_url.rstrip("/")), {**plain, **wanted.secrets}


async def _permission(
    services: Services, place: Place, secrets: Mapping[str, Secret], wanted: Connect, person: Person | None
) -> Held:
    if secrets:
        return await services.connections.connect_with(place, secrets, write=wanted.write)
    needs = services.connections.needs(place, "http://127.0.0.1/auth/callback")
    if needs.app_missing:
        raise PersonMustFix(needs.app_missing)
    if not needs.by_browser and not needs.fields:
        return await services.connections.connect_with(place, {}, write=wanted.write)
    if person is None:
        raise NeedsConsent(_what_to_give(place.manifest, needs))
    if needs.by_browser:
        return await _by_browser(services, place, wanted, person.visit)
    given = person.answer(needs.fields, needs.help)
    return await services.connections.connect_with(place, given, write=wanted.write)


async def _by_browser(services: Services, place: Place, wanted: Connect, visit: Callable[[str], None]) -> Held:
    async with Loopback(wanted.port) as loopback:
        started = services.connections.start_connect(place, loopback.redirect_uri, write=wanted.write)
        visit(started.url)
        callback = await loopback.wait(started.consent.state)
    return await services.connections.finish_connect(place, started, callback)


def _what_to_give(manifest: Manifest, needs: Needs) -> str:
    if needs.by_browser:
        return (
            f"{manifest.name} is connected in the browser, and nobody is at the terminal. Run this where somebody is, "
            "or with --no-browser to get the address, or give a ready token with --secret access_token=@FILE."
        )
    fields = " ".join(f"--secret {field.name}=@FILE" for field in needs.fields if not field.optional)
    return f"{manifest.name} needs: {fields}. {needs.help}".strip()


def _keep(services: Services, wanted: Connect, place: Place, account: Account, held: Held) -> IntegrationView:
    with services.database.write(durable=True) as tx:
        workspaces.lock(tx, services.workspace)
        integration = _integration(services, tx, wanted, place, account)
        services.connections.keep(tx, integration, held)
        return views.integration(integrations.by_key(tx, services.workspace, integration.key))


def _integration(services: Services, tx: Writing, wanted: Connect, place: Place, account: Account) -> Integration:
    """The integration of this account, if it is known (also from an archive), with its settings as given now."""
    workspace, connector = services.workspace, place.manifest.id
    there = [one for one in integrations.everything(tx, workspace) if one.connector == connector]
    same = [one for one in there if _is_same(one, place, account)]
    unsaid = [one for one in there if not one.account_id and one.mode == "archive"]
    known = next(iter([*same, *unsaid]), None)
    if known is None or (wanted.name and known.mode == "live" and known.name != wanted.name):
        known = _another(services, tx, wanted, place, account)
    integrations.make_live(tx, workspace, known.key)
    integrations.set_settings(tx, workspace, known.key, place.settings, place.base_url)
    integrations.set_account(tx, workspace, known.key, account.id, account.name)
    integrations.set_permitted(tx, workspace, known.key)
    return known


def _another(services: Services, tx: Writing, wanted: Connect, place: Place, account: Account) -> Integration:
    """One that was removed but left its data is taken up again: beside it, everything would arrive a second time."""
    workspace, connector = services.workspace, place.manifest.id
    name = wanted.name or free_name(tx, workspace, wanted.connector.partition(":")[2] or connector)
    removed = [one for one in removed_of(tx, workspace, connector, account.id) if _is_same(one, place, account)]
    integrations.check_name(tx, workspace, name)
    if removed:
        return integrations.revive(tx, workspace, removed[0], name, "live")
    return integrations.add(tx, workspace, NewIntegration(connector=connector, name=name))


def _is_same(one: Integration, place: Place, account: Account) -> bool:
    return is_of(one, account) and one.base_url in {"", place.base_url}
