import asyncio

import pytest
from aiohttp import web
from msgspec.structs import replace

from entrepot.core.errors import NeedsConsent, PersonMustFix
from entrepot.core.secret import Secret
from entrepot.transport.message import Request


class Renewing:
    """Signs with a token, and gets the next one when it is refused."""

    def __init__(self, *tokens):
        self.tokens = list(tokens)
        self.signed = []
        self.refused = []

    async def sign(self, request):
        self.signed.append(request.url)
        return replace(request, headers={**request.headers, "Authorization": Secret(f"Bearer {self.tokens[0]}")})

    async def rejected(self, request, response):
        self.refused.append((request, response.status))
        if len(self.tokens) == 1:
            return False
        self.tokens.pop(0)
        return True


def accepting(token):
    async def handler(request):
        if request.headers.get("Authorization") == f"Bearer {token}":
            return web.json_response({"ok": True})
        return web.json_response({"error": "invalid_token"}, status=401)

    return handler


async def test_the_signer_sees_the_whole_address(serve, client_for):
    signer = Renewing("good-token")
    base = await serve(accepting("good-token"))
    async with client_for(base, signer=signer) as client:
        await client.json("GET", "x", params={"a": [1, 2]})
    assert signer.signed == [f"{base}/x?a=1&a=2"]


async def test_a_refused_token_is_renewed_once(serve, client_for, fast):
    signer = Renewing("old-token", "good-token")
    async with client_for(await serve(accepting("good-token")), signer=signer) as client:
        assert await client.json("POST", "x", json={}) == {"ok": True}
    assert len(signer.refused) == 1
    assert fast.slept == []


async def test_a_second_refusal_needs_consent(serve, client_for):
    signer = Renewing("old-token", "newer-token", "newest-token")
    async with client_for(await serve(accepting("other")), signer=signer) as client:
        with pytest.raises(NeedsConsent):
            await client.json("GET", "x")
    assert (len(signer.refused), len(signer.signed)) == (1, 2)


async def test_parameters_a_signer_adds_are_sent_but_not_signed_over(serve, client_for):
    class Key:
        async def sign(self, request):
            return replace(request, params={"key": Secret("k-12345678")})

        async def rejected(self, *_):
            return False

    asked = []

    async def handler(request):
        asked.append(request.path_qs)
        return web.json_response({})

    async with client_for(await serve(handler), signer=Key()) as client:
        await client.json("GET", "x", params={"a": 1})
    assert asked == ["/x?a=1&key=k-12345678"]


async def test_after_a_redirect_on_the_same_host_it_is_signed_anew_and_elsewhere_not(serve, client_for):
    from entrepot.transport.egress import Egress

    seen = []

    async def there(request):
        seen.append(request.headers.get("Authorization"))
        return web.json_response({})

    other = await serve(there)

    async def handler(request):
        seen.append(request.headers.get("Authorization"))
        return web.Response(status=302, headers={"Location": "/b" if request.path == "/a" else other})

    base = await serve(handler)
    signer = Renewing("good-token")
    async with client_for(base, signer=signer, egress=Egress(given=[base, other], allow_private=True)) as client:
        await client.json("GET", "/a")
    assert seen == ["Bearer good-token", "Bearer good-token", None]
    assert signer.signed == [f"{base}/a", f"{base}/b"]


async def test_a_refusal_by_another_host_renews_nothing(serve, client_for):
    from entrepot.transport.egress import Egress

    other = await serve(accepting("other"))

    async def handler(request):
        return web.Response(status=302, headers={"Location": other})

    base = await serve(handler)
    signer = Renewing("good-token", "next-token")
    async with client_for(base, signer=signer, egress=Egress(given=[base, other], allow_private=True)) as client:
        with pytest.raises(NeedsConsent):
            await client.json("GET", "/a")
    assert signer.refused == []


@pytest.mark.parametrize("token", ["good-token\n", "good\r\nX-Evil: 1"])
async def test_a_token_pasted_with_a_line_break_is_named_but_not_shown(serve, client_for, token):
    async with client_for(await serve(accepting("x")), signer=Renewing(token)) as client:
        with pytest.raises(PersonMustFix, match="Authorization holds a line break") as raised:
            await client.json("GET", "x")
    assert "good" not in raised.value.message


async def test_many_refused_at_once_each_ask_the_signer(serve, client_for):
    signer = Renewing("old-token", "good-token")

    async def rejected(request, response):
        signer.tokens = ["good-token"]
        return True

    signer.rejected = rejected
    async with client_for(await serve(accepting("good-token")), signer=signer) as client:
        found = await asyncio.gather(*(client.send(Request("GET", "x")) for _ in range(20)))
    assert {response.status for response in found} == {200}
