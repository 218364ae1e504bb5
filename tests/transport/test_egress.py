import pytest
from aiohttp import web
from yarl import URL

from entrepot.core.errors import PersonMustFix, ServiceChanged
from entrepot.core.secret import Secret
from entrepot.transport.egress import Egress
from entrepot.transport.message import Request


def resolving(*answers):
    """A name server that gives one answer after another."""
    asked = []

    async def resolve(host, port):
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.org/x",
        "https://API.Example.org./x",
        "https://api.example.org:443/",
        "https://a.b.example.net/",
        "http://nas.local:8080/dav",
        "https://nas.local/dav",
    ],
)
def test_listed_and_given_addresses_may_be_asked(url):
    Egress(["api.example.org", "*.example.net"], ["http://nas.local:8080/dav/"]).check(URL(url))


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org/",
        "https://api.example.org:8443/",
        "https://example.net/",
        "https://evilexample.net/",
        "https://api.example.org.evil.test/",
        "https://user@api.example.org/",
        "https://api.example.org:x@evil.test/",
        "http://nas.local/",
        "http://nas.local:22/",
        "ftp://api.example.org/",
        "file:///etc/passwd",
        "/relative",
        "https://127.0.0.1/",
        "https://[::1]/",
    ],
)
def test_every_other_address_is_refused(url):
    egress = Egress(["api.example.org", "*.example.net"], ["http://nas.local:8080/dav/"])
    with pytest.raises(PersonMustFix):
        egress.check(URL(url))


@pytest.mark.parametrize("url", ["https://me:pw@host.example/", "nonsense", "gopher://x/", "http://[", "https://"])
def test_a_given_address_that_cannot_be_used_is_named_at_once(url):
    with pytest.raises(PersonMustFix):
        Egress(given=[url])


PRIVATE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
FORBIDDEN = [
    "169.254.169.254",
    "fe80::1",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "::",
    "224.0.0.1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "fe80::1%eth0",
    "::ffff:169.254.169.254%1",
]
NOT_GLOBAL = [
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "fec0::1",
    "64:ff9b:1::a9fe:a9fe",
    "4000::1",
    "5f00::1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE + FORBIDDEN + NOT_GLOBAL)
async def test_a_name_that_leads_into_a_private_network_is_refused(address):
    resolve, _ = resolving(["93.184.216.34", address])
    for egress in (
        Egress(["api.example.org"], resolve=resolve),
        Egress(given=["https://api.example.org"], resolve=resolve),
        Egress(["api.example.org"], ["https://nas.local"], allow_private=True, resolve=resolve),
    ):
        with pytest.raises(PersonMustFix):
            await egress.addresses("api.example.org", 443)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d822"])
async def test_a_name_that_leads_into_the_world_is_not_refused(address):
    resolve, _ = resolving([address])
    assert await Egress(["api.example.org"], resolve=resolve).addresses("api.example.org", 443) == [address]


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_host_the_person_gave_may_be_private_if_they_allowed_it(address):
    resolve, _ = resolving([address])
    egress = Egress(given=["http://nas.local:8080"], allow_private=True, resolve=resolve)
    assert await egress.addresses("nas.local", 8080) == [address]


@pytest.mark.parametrize("address", FORBIDDEN)
async def test_even_then_it_may_not_be_a_metadata_service(address):
    resolve, _ = resolving([address])
    with pytest.raises(PersonMustFix):
        await Egress(given=["http://nas.local"], allow_private=True, resolve=resolve).addresses("nas.local", 80)


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."])
async def test_odd_spellings_of_loopback_do_not_slip_through(client_for, number):
    base = f"http://{number}:9"
    async with client_for(base, egress=Egress(given=[base])) as client:
        with pytest.raises(PersonMustFix):
            await client.json("GET", "x")


@pytest.mark.parametrize("number", ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "2852039166"])
def test_an_odd_spelling_is_refused_even_where_private_addresses_are_allowed(number):
    """Whether it is an address is not for the HTTP library to say: it would pass the look-up by."""
    base = f"http://{number}:9"
    with pytest.raises(PersonMustFix, match="no name and no address"):
        Egress(given=[base], allow_private=True).check(URL(base))


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_a_proxy_from_the_environment_gets_nothing(serve, client_for, monkeypatch, name):
    handler, seen = redirecting(302)
    monkeypatch.setenv(name, await serve(handler))
    base = await serve(redirecting(302)[0])
    async with client_for(base) as client:
        await client.json("GET", "x")
    assert seen == []


async def test_a_private_address_needs_to_be_allowed(serve, client_for):
    async def handler(request):
        return web.json_response({})

    base = await serve(handler)
    async with client_for(base, egress=Egress(given=[base])) as client:
        with pytest.raises(PersonMustFix, match="Allow private addresses"):
            await client.json("GET", "x")


async def test_a_rebound_name_is_not_followed(serve, client_for):
    """First an honest address, then loopback: each look-up is checked, and only its answer is connected to."""
    hits = 0

    async def handler(request):
        nonlocal hits
        hits += 1
        return web.json_response({})

    port = URL(await serve(handler)).port
    base = f"http://rebind.test:{port}"
    resolve, asked = resolving(["127.0.0.1"])
    async with client_for(base, egress=Egress(given=[base], resolve=resolve)) as client:
        with pytest.raises(PersonMustFix, match="private network"):
            await client.json("GET", "x")
    assert (hits, asked) == (0, ["rebind.test"])


async def test_the_connection_goes_to_the_address_that_was_checked(serve, client_for):
    """The name is looked up once for a connection; a second look-up could give another answer."""

    async def handler(request):
        return web.json_response({"host": request.host})

    port = URL(await serve(handler)).port
    base = f"http://rebind.test:{port}"
    resolve, asked = resolving(["127.0.0.1"], ["169.254.169.254"])
    async with client_for(base, egress=Egress(given=[base], allow_private=True, resolve=resolve)) as client:
        assert await client.json("GET", "x") == {"host": f"rebind.test:{port}"}
        assert await client.json("GET", "x") == {"host": f"rebind.test:{port}"}
    assert asked == ["rebind.test"]


async def test_a_name_that_does_not_exist_is_said_to_be_so(client_for):
    async def resolve(host, port):
        raise OSError("no such name")

    base = "http://nowhere.test"
    async with client_for(base, egress=Egress(given=[base], resolve=resolve)) as client:
        with pytest.raises(Exception, match=r"nowhere\.test cannot be found"):
            await client.json("GET", "x")


def redirecting(status, *targets):
    seen = []

    async def handler(request):
        seen.append((request.method, request.path_qs, dict(request.headers), await request.read()))
        if len(seen) <= len(targets):
            return web.Response(status=status, headers={"Location": targets[len(seen) - 1]})
        return web.json_response({})

    return handler, seen


async def test_a_redirect_is_followed_on_the_same_host_with_everything(serve, client_for):
    handler, seen = redirecting(307, "/new?x=1", "newer")
    async with client_for(await serve(handler)) as client:
        await client.send(Request("POST", "/old", body=b"{}", headers={"Authorization": Secret("Bearer abcdefgh")}))
    assert [(method, path, body) for method, path, _, body in seen] == [
        ("POST", "/old", b"{}"),
        ("POST", "/new?x=1", b"{}"),
        ("POST", "/newer", b"{}"),
    ]
    assert seen[2][2]["Authorization"] == "Bearer abcdefgh"


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_the_method_changes_as_the_standard_says(serve, client_for, status, method):
    handler, seen = redirecting(status, "/new")
    async with client_for(await serve(handler)) as client:
        await client.send(Request("POST", "/old", body=b"{}"))
    assert (seen[1][0], seen[1][3]) == (method, b"{}" if method == "POST" else b"")


async def test_nothing_secret_goes_along_to_another_host(serve, client_for):
    there, seen = redirecting(302)
    other = await serve(there)
    handler, _ = redirecting(302, f"{other}/x")
    base = await serve(handler)
    headers = {
        "Authorization": "Bearer abcdefgh",
        "Cookie": "a=b",
        "X-Api-Key": "k",
        "Accept": Secret("odd"),
        "Accept-Language": "de",
    }
    async with client_for(base, egress=Egress(given=[base, other], allow_private=True), headers=headers) as client:
        await client.json("GET", "x", headers=headers)
    sent = seen[0][2]
    assert sent["Accept-Language"] == "de"
    assert not {"Authorization", "Cookie", "X-Api-Key"} & set(sent)
    assert sent.get("Accept") != "odd"


async def test_what_was_posted_does_not_go_to_another_host(serve, client_for):
    there, seen = redirecting(302)
    other = await serve(there)
    handler, _ = redirecting(307, f"{other}/x")
    base = await serve(handler)
    async with client_for(base, egress=Egress(given=[base, other], allow_private=True)) as client:
        with pytest.raises(ServiceChanged, match="another host"):
            await client.json("POST", "token", form={"client_secret": Secret("abcdefgh")}, private=True)
    assert seen == []


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:22/",
        "https://evil.test/",
        "file:///etc/passwd",
        "//[::1]/",
        "http://user:pass@127.0.0.1/",
        "http://[bad",
    ],
)
async def test_a_redirect_to_where_nobody_may_go_is_refused(serve, client_for, target):
    handler, seen = redirecting(302, target)
    base = await serve(handler)
    async with client_for(base) as client:
        with pytest.raises(ServiceChanged, match="may not reach"):
            await client.json("GET", "x")
    assert len(seen) == 1


async def test_a_redirect_without_end_is_left(serve, client_for):
    handler, seen = redirecting(302, *["/again"] * 50)
    async with client_for(await serve(handler)) as client:
        with pytest.raises(ServiceChanged, match="again and again"):
            await client.json("GET", "x")
    assert len(seen) == 6


async def test_a_redirect_comes_back_where_the_caller_wants_to_see_it(serve, client_for):
    handler, _ = redirecting(301, "/dav/")
    async with client_for(await serve(handler)) as client:
        response = await client.send(Request("PROPFIND", "/.well-known/caldav", follow=False))
    assert (response.status, response.headers["location"]) == (301, "/dav/")
