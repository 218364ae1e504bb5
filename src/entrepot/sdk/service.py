"""The client for one integration, built from what its connector's manifest says about the service."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import OAuth2
from entrepot.transport.budget import Budget, Rate
from entrepot.transport.client import Client, Log
from entrepot.transport.egress import Egress
from entrepot.transport.signing import Signer


def hosts(manifest: Manifest) -> Sequence[str]:
    """Every host the connector may reach by itself."""
    addresses = [manifest.http.base_url, *(variant.base_url for variant in manifest.variants.values())]
    for scheme in manifest.schemes:
        if isinstance(scheme, OAuth2):
            addresses += [scheme.authorize_url, scheme.token_url, scheme.revoke_url, scheme.device_url]
    named = [urlsplit(address).hostname for address in addresses if address]
    more = [host for variant in manifest.variants.values() for host in variant.hosts]
    return sorted({*filter(None, named), *manifest.http.hosts, *more})


def budget(manifest: Manifest) -> Budget:
    declared = manifest.http.budget
    if declared is None:
        return Budget()
    return Budget([Rate(declared.calls, declared.per.total_seconds())], concurrency=declared.together)


def client(
    manifest: Manifest,
    *,
    signer: Signer | None = None,
    base_url: str | None = None,
    allow_private: bool = False,
    shared: Budget | None = None,
    log: Log | None = None,
) -> Client:
    """`base_url` is what the person gave for their own server; `shared` a budget drawn on by several clients."""
    address = base_url or manifest.http.base_url
    if address is None:
        raise PersonMustFix(f"{manifest.name} needs the address of the server. {manifest.http.address_help}".strip())
    return Client(
        egress=Egress(hosts(manifest), [base_url] if base_url else [], allow_private=allow_private),
        budget=shared or budget(manifest),
        signer=signer,
        base_url=address,
        headers=manifest.http.headers,
        errors=manifest.http.errors,
        log=log,
    )
