import asyncio

import pytest

from entrepot.auth.loopback import Loopback
from entrepot.core.errors import NeedsConsent, PersonMustFix
from entrepot.core.secret import Secret

STATE = Secret("the-state")


async def ask(loopback: Loopback, line: str, rest: str = "Host: x\r\n\r\n") -> str:
    port = int(loopback.redirect_uri.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{line}\r\n{rest}".encode())
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


async def waiting(loopback: Loopback, seconds: float = 5) -> "asyncio.Task[str]":
    task = asyncio.ensure_future(loopback.wait(STATE, seconds))
    await asyncio.sleep(0)
    return task


async def test_the_right_answer_is_taken_and_the_person_sees_a_plain_page():
    async with Loopback() as loopback:
        task = await waiting(loopback)
        page = await ask(loopback, "GET /auth/callback?code=c&state=the-state HTTP/1.1")
        assert page.startswith("HTTP/1.1 200 OK")
        assert "close this page" in page
        assert "code=c" not in page
        assert await task == loopback.redirect_uri + "?code=c&state=the-state"
    assert loopback.redirect_uri.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("GET /favicon.ico HTTP/1.1", 404),
        ("GET / HTTP/1.1", 404),
        ("POST /auth/callback?code=c&state=the-state HTTP/1.1", 405),
        ("GET /auth/callback?code=evil&state=wrong HTTP/1.1", 400),
        ("GET /auth/callback?code=evil HTTP/1.1", 400),
        ("GET /auth/callback?code=evil&state=the-state&state=the-state HTTP/1.1", 400),
        ("GET /auth/callback?code=<script>&state=%C3%A4 HTTP/1.1", 400),
    ],
)
async def test_everything_else_is_turned_away_and_the_wait_goes_on(line: str, status: int):
    async with Loopback() as loopback:
        task = await waiting(loopback)
        page = await ask(loopback, line)
        assert page.startswith(f"HTTP/1.1 {status} ")
        assert "<script>" not in page
        await ask(loopback, "GET /auth/callback?code=c&state=the-state HTTP/1.1")
        assert "code=c&" in await task


async def test_what_is_no_http_and_what_never_ends_does_no_harm():
    async with Loopback() as loopback:
        task = await waiting(loopback)
        assert await ask(loopback, "\x00\xff", "\r\n") != "hang"
        assert not await ask(loopback, "GET /" + "a" * 100_000 + " HTTP/1.1")
        await ask(loopback, "GET /auth/callback?code=c&state=the-state HTTP/1.1")
        assert await task


@pytest.mark.parametrize("target", ["//[", "http://[bad", "/auth/callback?" + "a=b&" * 3000, "/auth/callback?%ff", ""])
async def test_an_odd_address_is_answered_and_forgotten(target: str):
    async with Loopback() as loopback:
        task = await waiting(loopback)
        assert (await ask(loopback, f"GET {target} HTTP/1.1")).startswith("HTTP/1.1 40")
        page = await ask(loopback, "GET /auth/callback?code=c&state=the-state HTTP/1.1")
        assert "no-store" in page
        assert await task


async def test_only_one_answer_is_taken():
    async with Loopback() as loopback:
        task = await waiting(loopback)
        await ask(loopback, "GET /auth/callback?code=first&state=the-state HTTP/1.1")
        assert "400" in await ask(loopback, "GET /auth/callback?code=second&state=the-state HTTP/1.1")
        assert "code=first" in await task


async def test_a_refusal_comes_through_too():
    async with Loopback() as loopback:
        task = await waiting(loopback)
        page = await ask(loopback, "GET /auth/callback?error=access_denied&state=the-state HTTP/1.1")
        assert "No permission was given" in page
        assert "access_denied" in await task


async def test_when_nobody_comes_the_wait_ends_and_says_so():
    async with Loopback() as loopback:
        with pytest.raises(NeedsConsent, match="Nobody came back"):
            await loopback.wait(STATE, 0.05)


async def test_a_fixed_port_is_used_and_a_taken_one_explained():
    async with Loopback() as first:
        port = int(first.redirect_uri.split(":")[2].split("/")[0])
        with pytest.raises(PersonMustFix, match=str(port)):
            async with Loopback(port):
                pass
    async with Loopback(port, path="/cb") as again:
        assert again.redirect_uri == f"http://127.0.0.1:{port}/cb"
