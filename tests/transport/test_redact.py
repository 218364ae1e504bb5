import logging
import time
import traceback
from base64 import b64encode

import pytest
from aiohttp import web

from entrepot.core.errors import EntrepotError
from entrepot.core.secret import SHOWN, Secret
from entrepot.transport.message import Request
from entrepot.transport.redact import Redactor, clean, place


@pytest.mark.parametrize(
    "text",
    [
        "https://x.test/?access_token=hush-hush&page=2",
        "https://x.test/?page=2&X-Amz-Signature=hush-hush",
        "https://x.test/?api_key=hush-hush#top",
        "https://x.test/?key=hush-hush",
        "https://x.test/?code=hush-hush",
        "https://me:hush-hush@x.test/",
        '{"refresh_token": "hush-hush", "x": 1}',
        '{"client_secret":"hush-hush\\"hush-hush"}',
        "{'password': 'hush-hush'}",
        "Authorization: Bearer hush-hush",
        "Set-Cookie: session=hush-hush; Path=/",
        "x Basic hush-hush= y",
        '"{\\"access_token\\": \\"hush-hush\\"}"',
    ],
)
def test_what_looks_like_a_secret_is_blotted_out(text):
    assert "hush-hush" not in clean(text)
    assert SHOWN in clean(text)


@pytest.mark.parametrize("text", ["https://x.test/tasks?page=2&token_count=", "the monkey=banana", '{"title": "Tee"}'])
def test_other_text_stays(text):
    assert clean(text) == text


@pytest.mark.parametrize(
    "echo",
    [
        "p/ss w+rd&12",
        "p%2Fss%20w%2Brd%2612",
        "p%2Fss+w%2Brd%2612",
        "p\\/ss w+rd&12",
        b64encode(b"me:p/ss w+rd&12").decode(),
    ],
)
def test_a_secret_that_was_met_is_found_in_every_form(echo):
    redactor = Redactor()
    redactor.learn(Secret("p/ss w+rd&12"))
    redactor.learn(Secret("Basic " + b64encode(b"me:p/ss w+rd&12").decode()))
    assert echo not in redactor.clean(f"we got <{echo}>")


def test_the_token_alone_is_known_from_its_header():
    redactor = Redactor()
    redactor.learn(Secret("Bearer abc123def456"))
    assert redactor.clean("token abc123def456 is revoked") == f"token {SHOWN} is revoked"


def test_a_very_short_secret_does_not_blot_out_the_world():
    redactor = Redactor()
    redactor.learn(Secret("a"))
    assert redactor.clean("a banana") == "a banana"


def test_an_error_says_only_host_and_path():
    assert place("https://me:pw@x.test:8/a/b?token=1#f") == "x.test:8/a/b"


class Listening:
    def __init__(self):
        self.lines = []

    def debug(self, event, **fields):
        self.lines.append(" ".join([event, *(f"{name}={value}" for name, value in fields.items())]))


SECRET = "planted-5ecret-value"


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=400, text=f'{{"message": "bad key {SECRET}"}}'),
        lambda: web.Response(status=403, text=f"<p>{SECRET}</p>"),
        lambda: web.Response(status=500, text=SECRET),
        lambda: web.Response(text=f"<html>{SECRET}"),
        lambda: web.Response(text=f'{{"{SECRET}": '),
        lambda: web.Response(status=302, headers={"Location": f"https://evil.test/?t={SECRET}"}),
        lambda: web.Response(body=b"x", headers={"Content-Encoding": "gzip"}),
        lambda: web.Response(status=429, headers={"Retry-After": "99999"}, text=SECRET),
    ],
)
async def test_no_secret_stands_in_an_error_a_traceback_or_a_log(serve, client_for, answer, caplog):
    caplog.set_level(logging.DEBUG)

    async def handler(request):
        return answer()

    log = Listening()
    async with client_for(await serve(handler), log=log, headers={"X-Api-Key": Secret(SECRET)}) as client:
        with pytest.raises(EntrepotError) as raised:
            await client.json("GET", f"bot{SECRET}/x", params={"t": Secret(SECRET)}, headers={"Cookie": f"a={SECRET}"})
    error = raised.value
    shown = "".join(traceback.format_exception(error)) + error.message + error.detail + repr(vars(error))
    own = [line for line in caplog.text.splitlines() if "aiohttp.access" not in line]
    assert SECRET not in shown
    assert SECRET not in "".join(log.lines)
    assert SECRET not in "".join(own)


@pytest.mark.parametrize(
    "piece",
    ["token", "token=", '"token', '"token" ', "token: ", "bearer ", "basic\n", "//", "a@", '\\"', "'token':'", "-."],
)
def test_a_long_text_is_cleaned_in_no_time(piece):
    began = time.process_time()
    clean(piece * (1 << 18))
    clean(piece * (1 << 18) + "=x")
    assert time.process_time() - began < 5


async def test_an_address_in_the_log_cannot_steer_a_terminal(serve, client_for):
    async def handler(request):
        return web.json_response({})

    log = Listening()
    async with client_for(await serve(handler), log=log) as client:
        await client.json("GET", "x?cursor=\x1b[2J\x9b\u202e")
    assert "/x?cursor=" in "".join(log.lines)
    assert not {"\x1b", "\x9b", "\u202e"} & set("".join(log.lines))


async def test_the_answer_of_a_token_endpoint_is_in_no_error(serve, client_for):
    async def handler(request):
        return web.json_response({"message": "wrong", "t": "fresh-token-nobody-knows"}, status=400)

    async with client_for(await serve(handler)) as client:
        for path in ("token", "token?x=1"):
            with pytest.raises(EntrepotError) as raised:
                await client.json("POST", path, form={"a": "b"}, private=True)
            assert "fresh-token" not in raised.value.message + raised.value.detail
            assert "wrong" not in raised.value.message


async def test_connection_failures_do_not_show_the_address_parameters(client_for):
    async with client_for("http://127.0.0.1:9") as client:
        with pytest.raises(EntrepotError) as raised:
            await client.json("GET", "x", params={"t": Secret(SECRET)})
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_requests_do_not_show_what_they_carry():
    request = Request("POST", f"https://x.test/?t={SECRET}", headers={"A": SECRET}, body=SECRET.encode())
    assert SECRET not in repr(request)
