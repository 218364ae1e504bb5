import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from entrepot.auth.grants import Grant
from entrepot.auth.tokens import Clocks, Tokens, TokenSigner
from entrepot.auth.turns import STOPPED, Where
from entrepot.core.errors import NeedsConsent, PersonMustFix, TryLater
from entrepot.core.secret import Secret
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import NEVER

HERE = Path(__file__).parent
CHILD = """
import asyncio, importlib.util, os, sys, time
from pathlib import Path
spec = importlib.util.spec_from_file_location("standin", sys.argv[1])
standin = importlib.util.module_from_spec(spec)
spec.loader.exec_module(standin)
from entrepot.auth import turns
from entrepot.transport.client import Client
from entrepot.transport.egress import Egress
from entrepot.transport.retry import NEVER

folder, url, count = Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])

async def read(hub):
    signer = hub.connections.signer_for(hub.place, hub.integration())
    async with Client(egress=Egress(given=[url], allow_private=True), signer=signer, base_url=url, retry=NEVER) as client:
        assert (await client.json("GET", "/me"))["name"] == "me"

def child(start):
    os.read(start, 1)
    hub = standin.Hub(folder, standin.manifest_of(standin.OAUTH), url)
    asyncio.run(read(hub))
    hub.database.close()

start, go = os.pipe()
children = []
for _ in range(count):
    pid = os.fork()
    if pid == 0:
        try:
            os.close(go)
            child(start)
            os._exit(0)
        except BaseException as why:
            print(repr(why), flush=True)
            os._exit(1)
    children.append(pid)
print("ready", flush=True)
sys.stdin.readline()
os.write(go, b"x" * count)
print(sum(os.waitpid(pid, 0)[1] != 0 for pid in children), "failed", flush=True)
"""


def spawned(hub, count: int) -> "subprocess.Popen[str]":
    """One process that loads everything and then forks: fifty real processes for the price of one start."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(HERE / "conftest.py"), str(hub.folder), hub.place.base_url, str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def client_of(hub, signer) -> Client:
    url = hub.place.base_url
    return Client(egress=Egress(given=[url], allow_private=True), signer=signer, base_url=url, retry=NEVER)


async def read(hub, signer=None) -> object:
    signer = signer or hub.connections.signer_for(hub.place, hub.integration())
    async with client_of(hub, signer) as client:
        return await client.json("GET", "/me")


def reconnect(hub, held) -> None:
    integration = hub.integration()
    with hub.database.write() as tx:
        hub.connections.keep(tx, integration, held)


def tokens_of(hub, **more) -> Tokens:
    connected = hub.connections
    integration = hub.integration()
    where = Where(hub.database, hub.vault, 1, integration.key, integration.name)
    scheme = hub.place.manifest.schemes[0]
    return Tokens(where, connected._asking(hub.place, scheme).renew, **more)


def test_fifty_processes_meet_an_expired_token_and_one_asks_for_the_next(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    service.slow = 0.3
    begun = time.monotonic()
    process = spawned(hub, 50)
    said, _ = process.communicate("go\n", timeout=60)
    assert said == "0 failed\n"
    assert [form["refresh_token"] for form in service.requests] == ["refresh-0"]
    assert service.reads == 50, "nobody was refused and had to ask again"
    assert time.monotonic() - begun < 20
    assert hub.sql("SELECT outcome FROM token_journal") == [("kept",)]


def test_fifty_processes_whose_token_is_revoked_in_the_middle_renew_it_once(hub, service, make_tokens):
    hub.connect(make_tokens())
    hub.sql("UPDATE credentials SET renewed_at = renewed_at - 60000")
    service.token({"grant_type": "none"})  # the service moves on; the hub's access token is dead before its time
    service.generation = 1
    reconnect(hub, make_tokens(refresh="refresh-1"))
    hub.sql("UPDATE credentials SET renewed_at = renewed_at - 60000")
    process = spawned(hub, 20)
    said, _ = process.communicate("go\n", timeout=60)
    assert said == "0 failed\n"
    assert [form.get("refresh_token") for form in service.requests[1:]] == ["refresh-1"]


def test_processes_that_meet_a_dead_refresh_token_ask_once_and_all_say_reconnect(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001, refresh="stolen"))
    service.slow = 0.2
    process = spawned(hub, 10)
    said, _ = process.communicate("go\n", timeout=60)
    assert said.splitlines()[-1] == "10 failed"
    assert said.count("Reconnect it.") == 10
    assert len(service.requests) == 1
    assert hub.integration().status == "needs-consent"


async def test_callers_in_one_process_share_one_flight(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    tokens = tokens_of(hub)
    found = await asyncio.gather(*(tokens.current() for _ in range(200)))
    assert {token.reveal() for token in found} == {"access-1"}
    assert len(service.requests) == 1


async def test_a_good_token_costs_neither_a_request_nor_a_look_at_the_database(hub, service, make_tokens):
    hub.connect(make_tokens())
    tokens = tokens_of(hub)
    await tokens.current()
    hub.sql("DELETE FROM credentials")
    begun = time.perf_counter()
    for _ in range(1000):
        await tokens.current()
    assert time.perf_counter() - begun < 0.1
    assert not service.requests


async def test_a_missing_refresh_token_in_the_answer_keeps_the_old_one(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    service.keeps_refresh_token = True
    service.expires_in = "0.001"  # a text, and already over
    tokens = tokens_of(hub)
    await tokens.current()
    service.generation = 0
    await tokens.current()
    assert [form["refresh_token"] for form in service.requests] == ["refresh-0", "refresh-0"]


async def test_a_token_revoked_before_its_time_is_renewed_and_the_request_sent_again(hub, service, make_tokens):
    hub.connect(make_tokens())
    hub.sql("UPDATE credentials SET renewed_at = renewed_at - 60000")
    service.generation = 7
    reconnect(hub, make_tokens(refresh="refresh-7"))
    hub.sql("UPDATE credentials SET renewed_at = renewed_at - 60000")
    assert await read(hub) == {"name": "me"}
    assert service.generation == 8


async def test_a_new_token_that_is_refused_at_once_is_not_renewed_again_and_again(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    signer = hub.connections.signer_for(hub.place, hub.integration())
    await read(hub, signer)
    service.generation = 99
    for _ in range(3):
        with pytest.raises(NeedsConsent):
            await read(hub, signer)
    assert len(service.requests) == 1


async def test_a_ready_token_without_a_refresh_token_is_used_until_it_is_refused(hub, service, make_tokens):
    held = await hub.connections.connect_with(hub.place, {"access_token": Secret("access-0\n")})
    hub.connect(held)
    assert await read(hub) == {"name": "me"}
    service.generation = 1
    with pytest.raises(NeedsConsent):
        await read(hub)
    assert not service.requests


async def test_refused_by_the_service_but_renewed_by_another_process_is_no_reason_to_reconnect(
    hub, service, make_tokens
):
    hub.connect(make_tokens(expires_in=0.001, refresh="refresh-old"))

    def another_process_is_faster() -> None:
        service.before_answer = None
        service.generation = 5
        grant = Grant(Secret("access-5"), Secret("refresh-5"), expires_in=3600.0)
        reconnect(hub, make_tokens().renewed(grant))

    service.before_answer = another_process_is_faster
    assert await read(hub) == {"name": "me"}
    assert len(service.requests) == 1
    assert hub.integration().status == "ready"
    assert hub.sql("SELECT outcome FROM token_journal") == [("overtaken",)]


async def test_what_was_refused_once_is_not_asked_again_until_the_person_reconnects(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001, refresh="dead"))
    for _ in range(3):
        with pytest.raises(NeedsConsent, match="Reconnect"):
            await read(hub)
    assert len(service.requests) == 1
    assert "Reconnect" in hub.integration().last_error
    reconnect(hub, make_tokens(expires_in=0.001))
    assert hub.integration().status == "ready"
    assert await read(hub) == {"name": "me"}


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((503, "text/html", b"<h1>down</h1>"), TryLater),
        ((429, "application/json", b'{"error": "slow_down"}'), TryLater),
        ((200, "application/json", b'{"error": "temporarily_unavailable"}'), TryLater),
        ((401, "application/json", b'{"error": "invalid_client"}'), PersonMustFix),
    ],
)
async def test_a_service_that_is_down_keeps_the_token_and_the_next_run_tries_again(
    hub, service, make_tokens, answer, error
):
    hub.connect(make_tokens(expires_in=0.001))
    service.answer = answer
    with pytest.raises(error):
        await read(hub)
    assert len(service.requests) == 1
    assert hub.sql("SELECT outcome FROM token_journal") == [("failed",)]
    service.answer = None
    hub.sql("UPDATE credentials SET lease_until = NULL")
    assert await read(hub) == {"name": "me"}


def test_a_kill_between_exchange_and_commit_is_explained_afterwards(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    process = spawned(hub, 1)
    child = psutil.Process(process.pid).children()[0].pid
    killed = []

    def kill() -> None:
        os.kill(child, signal.SIGKILL)
        killed.append(child)

    service.before_answer = kill
    said, _ = process.communicate("go\n", timeout=30)
    assert said == "1 failed\n"
    assert killed
    service.before_answer = None
    assert hub.sql("SELECT outcome FROM token_journal") == [("open",)]
    hub.sql("UPDATE token_journal SET begun_at = begun_at - 60000")
    hub.sql("UPDATE credentials SET lease_until = lease_until - 60000")
    with hub.database.read() as tx:
        assert hub.connections.explain(tx, hub.integration()) == STOPPED
    with pytest.raises(NeedsConsent, match="The hub stopped while a new token was on its way"):
        asyncio.run(read(hub))
    assert "The hub stopped" in hub.integration().last_error
    reconnect(hub, make_tokens())
    with hub.database.read() as tx:
        assert hub.connections.explain(tx, hub.integration()) == ""


async def test_a_kill_before_the_service_took_the_token_costs_only_the_lease(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    dead = tokens_of(hub, lease=0.5)
    assert await asyncio.to_thread(dead._take, 0)  # the lease and the journal are written, and then nothing more
    assert (await tokens_of(hub, lease=0.5).current()).reveal() == "access-1"
    with hub.database.read() as tx:
        assert hub.connections.explain(tx, hub.integration()) == ""
    assert sorted(hub.sql("SELECT outcome FROM token_journal")) == [("kept",), ("overtaken",)]


async def test_one_that_slept_through_its_lease_does_not_undo_what_the_next_one_did(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    slow = tokens_of(hub, lease=0.2)
    service.slow = 0.6
    asleep = asyncio.ensure_future(slow.current())
    await asyncio.sleep(0.3)
    reconnect(hub, make_tokens(refresh="refresh-9"))
    assert (await asleep).reveal() == "access-0"
    assert hub.sql("SELECT version FROM credentials") == [(2,)]


async def test_a_cancelled_caller_does_not_lose_the_token_on_its_way(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    service.slow = 0.2
    tokens = tokens_of(hub)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(tokens.current(), 0.1)
    assert (await tokens.current()).reveal() == "access-1"
    assert len(service.requests) == 1


async def test_a_clock_that_jumps_forward_costs_a_look_and_one_that_jumps_back_costs_a_renewal(
    hub, service, make_tokens
):
    hub.connect(make_tokens())
    wall = [0.0]
    tokens = tokens_of(hub, clocks=Clocks(monotonic=lambda: 0.0, wall=lambda: wall[0]))
    await tokens.current()
    wall[0] += 86400
    assert (await tokens.current()).reveal() == "access-0"
    assert not service.requests
    hub.sql("UPDATE credentials SET renewed_at = renewed_at + 86400000, expires_at = expires_at + 86400000")
    assert (await tokens_of(hub).current()).reveal() == "access-1"


async def test_a_lease_from_before_the_clock_was_set_back_holds_nobody_up(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    hub.sql("UPDATE credentials SET lease_owner = 'dead', lease_until = expires_at + 86400000")
    assert (await asyncio.wait_for(tokens_of(hub).current(), 3)).reveal() == "access-1"


@pytest.mark.parametrize(("life", "renews"), [(3600, False), (61, True), (10, False), (30, False)])
async def test_a_token_is_renewed_a_minute_or_a_tenth_of_its_life_before_its_end(
    hub, service, make_tokens, life, renews
):
    hub.connect(make_tokens(expires_in=life))
    left = {3600: 70, 61: 5, 10: 2, 30: 4}[life]
    hub.sql(
        "UPDATE credentials SET renewed_at = renewed_at - ?, expires_at = expires_at - ?", *[(life - left) * 1000] * 2
    )
    await tokens_of(hub).current()
    assert bool(service.requests) is renews


async def test_idle_tokens_are_renewed_before_they_die(hub, service, make_tokens):
    from msgspec.structs import replace

    hub.connect(replace(make_tokens(), idle_seconds=60 * 86400.0))
    with hub.database.read() as tx:
        assert hub.connections.due(tx) == []
    hub.sql("UPDATE credentials SET refresh_by = refresh_by - ?", 41 * 86_400_000)
    with hub.database.read() as tx:
        assert [found.integration_id for found in hub.connections.due(tx)] == [hub.integration().key]
    await hub.connections.renew(hub.place, hub.integration())
    assert service.generation == 1
    with hub.database.read() as tx:
        assert hub.connections.due(tx) == []


async def test_no_token_is_shown_by_anything_that_holds_one(hub, service, make_tokens):
    hub.connect(make_tokens(expires_in=0.001))
    tokens = tokens_of(hub)
    await tokens.current()
    shown = repr(tokens) + repr(tokens._known) + repr(make_tokens()) + repr(TokenSigner(tokens))
    assert "access-" not in shown
    assert "refresh-" not in shown
