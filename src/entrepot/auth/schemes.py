"""The manifest's `auth` section at work: what to ask the person for, and what signs with what they gave."""

from collections.abc import Mapping, Sequence
from typing import assert_never
from urllib.parse import urlsplit, urlunsplit

from entrepot.auth import signers
from entrepot.auth.held import Held
from entrepot.auth.oauth2 import Server
from entrepot.auth.sigv4 import Keys, Scope, SigV4
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.sdk.manifest import Manifest
from entrepot.sdk.manifest_auth import AnyScheme, ApiKey, Asked, AwsSigV4, Basic, Bearer, NoAuth, OAuth2
from entrepot.sdk.manifest_terms import words_in
from entrepot.transport.signing import Signer

READY_TOKENS = (
    Asked(name="access_token", label="Access token"),
    Asked(name="refresh_token", label="Refresh token", optional=True),
)
"""What a person with a ready token gives in place of the OAuth round trip."""


def choose(manifest: Manifest, given: Sequence[str] = ()) -> AnyScheme:
    """The scheme that asks for what was given; without anything, the first, which the manifest recommends."""
    return _choose(manifest, given)[0] if given else manifest.schemes[0]


def of_name(manifest: Manifest, name: str) -> AnyScheme:
    """The scheme a stored credential was made with."""
    for scheme in manifest.schemes:
        if scheme.scheme == name:
            return scheme
    raise PersonMustFix(f"{manifest.name} can no longer be used with what was stored ({name}). Connect it again.")


def fields(scheme: AnyScheme) -> Sequence[Asked]:
    """What the person is asked for."""
    return scheme.asks


def name_ways(scheme: AnyScheme) -> str:
    """What can be given for a scheme, by name: `username, password or access_token`."""
    ways = [", ".join(field.name for field in way if not field.optional) for way in _ways(scheme) if way]
    return " or ".join(ways) or "nothing"


def hold(manifest: Manifest, given: Mapping[str, Secret]) -> Held:
    """What the person gave, checked: a slip of the clipboard is told here and not as a strange 401."""
    if not given:
        return Held(manifest.schemes[0].scheme, {})
    scheme, asked = _choose(manifest, list(given))
    values = {field.name: _checked(manifest.name, field, given[field.name]) for field in asked if field.name in given}
    return Held(scheme.scheme, {name: value for name, value in values.items() if value})


def signer(scheme: AnyScheme, held: Held, settings: Mapping[str, str]) -> Signer:
    """For what needs no renewal; OAuth has `tokens.TokenSigner`, this one serves until its token is refused."""
    match scheme:
        case NoAuth():
            return signers.Unsigned()
        case ApiKey():
            key = _value(scheme, held, 0, "api_key")
            return signers.api_key(key, scheme.name, scheme.place, _spaced(scheme.prefix))
        case Bearer():
            return signers.bearer(_value(scheme, held, 0, "access_token"), _spaced(scheme.prefix))
        case Basic():
            username = _value(scheme, held, 0, "username").reveal()
            return signers.basic(username, _value(scheme, held, 1, "password"))
        case AwsSigV4():
            keys = Keys(
                access_key_id=_value(scheme, held, 0, "access_key_id").reveal(),
                secret_access_key=_value(scheme, held, 1, "secret_access_key"),
                session_token=held.value("session_token"),
            )
            return SigV4(keys, Scope(filled(scheme.region, settings), filled(scheme.service, settings)))
        case OAuth2():
            return signers.bearer(_value(scheme, held, 0, "access_token"))
        case _ as never:
            assert_never(never)


def server(manifest: Manifest, scheme: OAuth2, settings: Mapping[str, str], base_url: str = "") -> Server:
    """The OAuth server. A base address the person gave moves it to their own host, paths and all."""

    def address(url: str | None) -> str:
        return _moved(filled(url, settings), base_url) if url else ""

    return Server(
        service=manifest.name,
        token_url=address(scheme.token_url),
        authorize_url=address(scheme.authorize_url),
        revoke_url=address(scheme.revoke_url),
        issuer=address(scheme.issuer),
        pkce=scheme.pkce,
        client_auth=scheme.client_auth,
        encoding=scheme.token_format,
        scope_separator=scheme.scopes.separator,
        authorize_params=scheme.authorize_params,
        token_params=scheme.token_params,
    )


def scopes(scheme: OAuth2, *, write: bool = False) -> tuple[str, ...]:
    """The least that what the person ticked needs, each once."""
    wanted = [*scheme.scopes.always, *scheme.scopes.read, *(scheme.scopes.write if write else ())]
    return tuple(dict.fromkeys(wanted))


def filled(text: str, settings: Mapping[str, str]) -> str:
    """`:words` replaced by settings of that name."""
    for word in words_in(text):
        if not settings.get(word):
            raise PersonMustFix(f"The setting {word!r} is missing. Give it with --set {word}=….")
        text = text.replace(f":{word}", settings[word])
    return text


def _value(scheme: AnyScheme, held: Held, position: int, name: str) -> Secret:
    """By its usual name, or by the place of the manifest's own name for it."""
    asked = scheme.asks
    found = held.value(name) or (held.value(asked[position].name) if position < len(asked) else None)
    if found is None:
        raise PersonMustFix(f"The stored credential has no {name.replace('_', ' ')}. Connect the integration again.")
    return found


def _spaced(prefix: str) -> str:
    return f"{prefix} " if prefix[-1:].isalnum() else prefix


def _moved(url: str, base_url: str) -> str:
    if not base_url:
        return url
    base = urlsplit(base_url)
    return urlunsplit(urlsplit(url)._replace(scheme=base.scheme, netloc=base.netloc))


def _ways(scheme: AnyScheme) -> Sequence[Sequence[Asked]]:
    return [scheme.asks, READY_TOKENS] if isinstance(scheme, OAuth2) else [scheme.asks]


def _choose(manifest: Manifest, given: Sequence[str]) -> tuple[AnyScheme, Sequence[Asked]]:
    for scheme in manifest.schemes:
        for way in _ways(scheme):
            required = {field.name for field in way if not field.optional}
            if required <= set(given) <= {field.name for field in way}:
                return scheme, way
    ways = " or ".join(name_ways(scheme) for scheme in manifest.schemes)
    raise PersonMustFix(f"{manifest.name} cannot be connected with {', '.join(sorted(given))}. Give {ways}.")


def _checked(service: str, field: Asked, value: Secret) -> Secret:
    """Line ends that a file or clipboard adds are taken off; what cannot be sent is refused."""
    text = value.map(str.strip) if field.name != "password" else value.map(lambda raw: raw.rstrip("\r\n"))
    if not text and not field.optional:
        raise PersonMustFix(f"{field.label} for {service} is empty.")
    if any(ord(sign) < 32 or ord(sign) == 127 or 0xD800 <= ord(sign) < 0xE000 for sign in text.reveal()):
        raise PersonMustFix(f"{field.label} for {service} has line breaks or control characters in it. Copy it again.")
    if field.name == "username" and ":" in text.reveal():
        raise PersonMustFix(f"{field.label} for {service} has a colon in it, which no server can tell from its end.")
    if field.secret and field.name != "password" and not text.reveal().isascii():
        raise PersonMustFix(f"{field.label} for {service} has letters no key has. Copy it again.")
    return text
