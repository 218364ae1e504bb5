"""The client for one integration, built from what its connector's manifest says about the service."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import OAuth2
from entrepot.sdk.manifest_settings import Variant
from entrepot.transport.budget import Budget, Rate
from entrepot.transport.client import Client, Log
from entrepot.transport.egress import Egress
from entrepot.transport.signing import Signer


def homes(manifest: Manifest, base_url: str | None = None) -> Sequence[str]:
    """The hosts that are given the person's credential, besides that of `base_url`.

    A server of one's own has none, whatever it says in an answer; of the providers of a protocol each has its own.
    """
    if base_url is None:
        return sorted({*filter(None, [urlsplit(manifest.http.base_url or "").hostname]), *manifest.http.hosts})
    return sorted({host for variant in _variants_at(manifest, base_url) for host in variant.hosts})


def hosts(manifest: Manifest) -> Sequence[str]:
    """Every host that the manifest names: for asking for permission, which no credential is needed for."""
    addresses = [manifest.http.base_url, *(variant.base_url for variant in manifest.variants.values())]
    for scheme in manifest.schemes:
        if isinstance(scheme, OAuth2):
            addresses += [scheme.authorize_url, scheme.token_url, scheme.revoke_url, scheme.device_url]
    named = [urlsplit(address).hostname for address in addresses if address]
    more = [host for variant in manifest.variants.values() for host in variant.hosts]
    return sorted({*filter(None, named), *manifest.http.hosts, *more})


def budget(manifest: Manifest, base_url: str | None = None) -> Budget:
    """What the service allows; of the providers of a protocol each may have its own allowance."""
    own = (variant.budget for variant in _variants_at(manifest, base_url or "") if variant.budget)
    declared = next(own, manifest.http.budget)
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
        egress=Egress(homes(manifest, base_url), [base_url] if base_url else [], allow_private=allow_private),
        budget=shared or budget(manifest, base_url),
        signer=signer,
        base_url=address,
        headers=manifest.http.headers,
        errors=manifest.http.errors,
        log=log,
    )


def _variants_at(manifest: Manifest, base_url: str) -> Sequence[Variant]:
    address = base_url.rstrip("/")
    return [one for one in manifest.variants.values() if address and (one.base_url or "").rstrip("/") == address]
