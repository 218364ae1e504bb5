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


def homes(manifest: Manifest, base_url: str | None = None) -> Sequence[str]:
    """The hosts that are given the person's credential, besides that of `base_url`.

    A server of one's own has none, whatever it says in an answer; of the providers of a protocol each has its own.
    """
    if base_url is None:
        return sorted({*filter(None, [urlsplit(manifest.http.base_url or "").hostname]), *manifest.http.hosts})
    own = (one.hosts for one in manifest.variants.values() if (one.base_url or "").rstrip("/") == base_url.rstrip("/"))
    return sorted({host for some in own for host in some})


def hosts(manifest: Manifest) -> Sequence[str]:
    """Every host that the manifest names: for asking for permission, which no credential is needed for."""
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
        egress=Egress(homes(manifest, base_url), [base_url] if base_url else [], allow_private=allow_private),
        budget=shared or budget(manifest),
        signer=signer,
        base_url=address,
        headers=manifest.http.headers,
        errors=manifest.http.errors,
        log=log,
    )
