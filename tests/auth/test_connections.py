import io
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from entrepot.auth.connections import Connections, Place
from entrepot.core.errors import NeedsConsent, PersonMustFix, SafetyStop
from entrepot.core.secret import Secret
from entrepot.transport.message import Request

REDIRECT = "http://127.0.0.1:8123/auth/callback"


def callback_of(started) -> str:
    return f"{REDIRECT}?code=planted-code&state={started.consent.state.reveal()}"


async def header(hub) -> str:
    signer = hub.connections.signer_for(hub.place, hub.integration())
    value = (await signer.sign(Request("GET", hub.place.base_url))).headers["Authorization"]
    assert isinstance(value, Secret)
    return value.reveal()


async def test_the_whole_way_by_browser(hub, service):
    needs = hub.connections.needs(hub.place, REDIRECT)
    assert (needs.scheme, needs.by_browser, needs.app_missing) == ("oauth2", True, "")
    started = hub.connections.start_connect(hub.place, REDIRECT)
    assert started.url.startswith(service.url + "/authorize?")
    assert "scope=read&" in started.url
    assert "scope=read+write" in hub.connections.start_connect(hub.place, REDIRECT, write=True).url
    held = await hub.connections.finish_connect(hub.place, started, callback_of(started))
    assert service.requests[0]["client_secret"] == "planted-app"
    assert service.requests[0]["code_verifier"] == started.consent.verifier.reveal()
    hub.connect(held)
    assert await header(hub) == "Bearer access-1"
    with pytest.raises(SafetyStop):
        await hub.connections.finish_connect(hub.place, started, callback_of(started).replace("state=", "state=x"))
    assert len(service.requests) == 1


@pytest.mark.parametrize("write", [False, True])
async def test_permission_to_write_is_known_where_it_was_asked_for(hub, service, write):
    started = hub.connections.start_connect(hub.place, REDIRECT, write=write)
    hub.connect(await hub.connections.finish_connect(hub.place, started, callback_of(started)))
    assert hub.connections.may_write(hub.place, hub.integration()) is write


async def test_of_a_ready_token_nobody_knows_whether_it_may_write(hub):
    hub.connect(await hub.connections.connect_with(hub.place, {"access_token": Secret("access-0")}))
    assert hub.connections.may_write(hub.place, hub.integration())


async def test_a_credential_signs_before_it_is_stored_so_that_it_can_be_probed(hub):
    held = await hub.connections.connect_with(hub.place, {"access_token": Secret("access-0")})
    request = await hub.connections.signer_with(hub.place, held).sign(Request("GET", "https://api.example.org"))
    assert "Authorization" in request.headers


async def test_client_credentials_need_nothing_from_the_person_and_are_renewed_alike(hub, service):
    service.expires_in = 0.001
    hub.connect(await hub.connections.connect_with(hub.place, {}))
    assert await header(hub) == "Bearer access-2"
    assert service.requests[0]["grant_type"] == "client_credentials"


async def test_a_password_is_forgotten_when_the_service_gives_a_refresh_token(hub, service, make_manifest):
    auth = {"scheme": "oauth2", "grants": ["password"], "token_url": "https://auth.example.org/token"}
    place = Place(make_manifest(auth), base_url=service.url)
    assert [field.name for field in hub.connections.needs(place, REDIRECT).fields] == ["username", "password"]
    given = {"username": Secret("me"), "password": Secret("planted-password")}
    held = await hub.connections.connect_with(place, given)
    assert sorted(held.values) == ["access_token", "refresh_token", "username"]
    service.keeps_refresh_token = True
    held = await hub.connections.connect_with(place, given)
    assert held.is_renewable
    assert "password" in held.values
    service.answer = (400, "application/json", b'{"error": "invalid_grant"}')
    with pytest.raises(PersonMustFix, match="Check it and try again"):
        await hub.connections.connect_with(place, given)
    with pytest.raises(PersonMustFix, match="not connected by browser"):
        hub.connections.start_connect(place, REDIRECT)


async def test_without_an_app_the_person_learns_what_to_register(hub):
    bare = Connections(hub.database, hub.vault, 1, environment={})
    assert "STANDIN_CLIENT_ID" in bare.needs(hub.place, REDIRECT).app_missing
    with pytest.raises(PersonMustFix, match=REDIRECT):
        bare.start_connect(hub.place, REDIRECT)


async def test_disconnecting_gives_the_token_back_and_forgets_it(hub, service, make_tokens):
    integration = hub.connect(make_tokens())
    assert await hub.connections.disconnect(hub.place, integration)
    assert service.revoked == ["refresh-0"]
    assert hub.sql("SELECT count(*) FROM credentials") == [(0,)]
    with pytest.raises(NeedsConsent, match="not connected"):
        hub.connections.signer_for(hub.place, integration)
    assert not await hub.connections.disconnect(hub.place, integration)


async def test_disconnecting_works_when_the_service_is_gone(hub, service, make_tokens):
    integration = hub.connect(make_tokens())
    service.close()
    assert not await hub.connections.disconnect(hub.place, integration)
    assert hub.sql("SELECT count(*) FROM credentials") == [(0,)]


async def test_open_data_needs_no_credential(hub, make_manifest, make_tokens):
    integration = hub.connect(make_tokens())
    with hub.database.write() as tx:
        tx.execute("DELETE FROM credentials")
    place = Place(make_manifest({"scheme": "none"}))
    request = Request("GET", "https://api.example.org")
    assert await hub.connections.signer_for(place, integration).sign(request) == request


async def test_no_planted_secret_is_found_anywhere(hub, service):
    planted = ["planted-app", "planted-code", "access-1", "refresh-1", "access-2", "refresh-2"]
    log, said = io.StringIO(), []
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    try:
        service.expires_in = 0.001
        started = hub.connections.start_connect(hub.place, REDIRECT)
        planted += [started.consent.verifier.reveal()]
        held = await hub.connections.finish_connect(hub.place, started, callback_of(started))
        hub.connect(held)
        await header(hub)
        service.answer = (400, "application/json", b'{"error": "invalid_grant", "echo": "refresh-2 planted-app"}')
        try:
            await header(hub)
        except NeedsConsent as error:
            said += [
                "".join(traceback.format_exception(error)),
                error.message,
                error.detail,
                hub.integration().last_error,
            ]
        for thing in (held, started.consent, hub.vault, hub.connections):
            said += [repr(thing), str(thing)]
            for write in (pickle.dumps, msgspec.json.encode, json.dumps, msgspec.msgpack.encode):
                with pytest.raises((TypeError, AttributeError)):
                    write(thing)
    finally:
        logging.getLogger().removeHandler(handler)
    assert said
    assert "NeedsConsent" in said[0]
    files = b"".join(file.read_bytes() for file in hub.folder.rglob("*") if file.is_file())
    for secret in planted:
        assert secret not in log.getvalue() + "".join(said)
        assert secret.encode() not in files
