from datetime import UTC, datetime

import pytest

from entrepot.auth import schemes
from entrepot.auth.held import Held
from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.transport.message import Request, Response

OAUTH = {
    "scheme": "oauth2",
    "authorize_url": "https://a.example.org/:tenant/auth",
    "token_url": "https://b.example.org/t",
}
BASIC = {"scheme": "basic"}
BEARER = {"scheme": "bearer", "prefix": "Token"}


async def signed(manifest, given: dict[str, str], settings: dict[str, str] | None = None) -> Request:
    held = schemes.hold(manifest, {name: Secret(value) for name, value in given.items()})
    signer = schemes.signer(schemes.of_name(manifest, held.scheme), held, settings or {})
    request = await signer.sign(Request("GET", "https://api.example.org/x", headers={"authorization": "old"}))
    assert not await signer.rejected(request, Response(401, {}, b"", ""))
    return request


def shown(request: Request) -> dict[str, str]:
    headers = {name: v.reveal() if isinstance(v, Secret) else v for name, v in request.headers.items()}
    return headers | {name: v.reveal() for name, v in request.params.items() if isinstance(v, Secret)}


@pytest.mark.parametrize(
    ("auth", "given", "expected"),
    [
        ({"scheme": "none"}, {}, {"authorization": "old"}),
        (BEARER, {"access_token": " tok \n"}, {"Authorization": "Token tok"}),
        ({"scheme": "bearer", "prefix": ""}, {"access_token": "tok"}, {"Authorization": "tok"}),
        (
            BASIC,
            {"username": "me@example.org", "password": " pä:ss \n"},
            {"Authorization": "Basic bWVAZXhhbXBsZS5vcmc6IHDDpDpzcyA="},
        ),
        ({"scheme": "api_key", "name": "X-Key"}, {"api_key": "k"}, {"authorization": "old", "X-Key": "k"}),
        ({"scheme": "api_key", "prefix": "Bot"}, {"api_key": "k"}, {"Authorization": "Bot k"}),
        ({"scheme": "api_key", "prefix": "token="}, {"api_key": "k"}, {"Authorization": "token=k"}),
        (
            {"scheme": "api_key", "place": "query", "name": "key"},
            {"api_key": "k"},
            {"authorization": "old", "key": "k"},
        ),
        ({"scheme": "api_key", "ask": [{"name": "pat", "label": "PAT"}]}, {"pat": "k"}, {"Authorization": "k"}),
        (OAUTH, {"access_token": "tok"}, {"Authorization": "Bearer tok"}),
        ([OAUTH, BASIC], {"username": "u", "password": "p"}, {"Authorization": "Basic dTpw"}),
    ],
)
async def test_each_scheme_signs_with_what_the_person_gave(make_manifest, auth, given, expected):
    assert shown(await signed(make_manifest(auth), given)) == expected


async def test_sigv4_takes_its_region_from_the_settings(make_manifest):
    manifest = make_manifest({"scheme": "aws_sigv4", "service": "s3"}, settings={"region": {"label": "Region"}})
    given = {"access_key_id": "AKID", "secret_access_key": "planted"}
    found = shown(await signed(manifest, given, {"region": "eu-central-1"}))
    assert f"AKID/{datetime.now(UTC):%Y%m%d}/eu-central-1/s3/aws4_request" in found["Authorization"]
    with pytest.raises(PersonMustFix, match="--set region"):
        await signed(manifest, given)


@pytest.mark.parametrize(
    ("auth", "given", "said"),
    [
        (BASIC, {"username": "u"}, "username, password"),
        (BASIC, {"username": "u", "password": ""}, "empty"),
        (BASIC, {"username": "a:b", "password": "p"}, "colon"),
        (BEARER, {"access_token": "planted\nX-Other: planted"}, "line breaks"),
        (BASIC, {"username": "u", "password": "planted\udcff"}, "control characters"),
        (BEARER, {"access_token": "plantéd"}, "letters no key has"),
        (BEARER, {"access_token": "  "}, "empty"),
        (BEARER, {"token": "planted"}, "access_token"),
        ([OAUTH, BASIC], {"access_token": "t", "password": "p"}, "access_token or username, password"),
    ],
)
def test_what_cannot_work_is_told_at_once_and_not_repeated(make_manifest, auth, given, said):
    with pytest.raises(PersonMustFix, match=said) as caught:
        schemes.hold(make_manifest(auth), {name: Secret(value) for name, value in given.items()})
    assert "plant" not in caught.value.message + caught.value.detail


def test_a_scheme_that_the_manifest_no_longer_has_asks_to_connect_again(make_manifest):
    with pytest.raises(PersonMustFix, match="Connect it again"):
        schemes.of_name(make_manifest(BASIC), "oauth2")
    with pytest.raises(PersonMustFix, match="no access token"):
        schemes.signer(schemes.of_name(make_manifest(BEARER), "bearer"), Held("bearer", {}), {})


def test_a_base_address_moves_the_whole_oauth_server_and_settings_fill_its_paths(make_manifest):
    manifest = make_manifest(OAUTH, settings={"tenant": {"label": "Tenant"}})
    scheme = schemes.of_name(manifest, "oauth2")
    home = schemes.server(manifest, scheme, {"tenant": "t7"})
    assert home.authorize_url == "https://a.example.org/t7/auth"
    moved = schemes.server(manifest, scheme, {"tenant": "t7"}, "http://127.0.0.1:8080/api")
    assert (moved.authorize_url, moved.token_url) == ("http://127.0.0.1:8080/t7/auth", "http://127.0.0.1:8080/t")


def test_the_least_scopes_are_asked_for_each_once(make_manifest):
    scopes = {"always": ["offline"], "read": ["r", "offline"], "write": ["r", "w"]}
    scheme = schemes.of_name(make_manifest({**OAUTH, "scopes": scopes}), "oauth2")
    assert schemes.scopes(scheme) == ("offline", "r")
    assert schemes.scopes(scheme, write=True) == ("offline", "r", "w")
