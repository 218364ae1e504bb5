"""Amazon S3, read from a real S3 server: changes, deletions, odd keys, wrong keys, a listing that goes on."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import md5
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.connectors.moto_store import REGION, Store, moto_store

from entrepot.auth import schemes
from entrepot.core.change import Cursor
from entrepot.core.errors import NeedsConsent, PersonMustFix, ServiceChanged, Stale, TryLater
from entrepot.core.secret import Secret
from entrepot.declarative.compile import compile_connector
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.context import Context
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import client
from entrepot.transport.budget import Budget
from entrepot.transport.retry import NEVER

ENTRY = Catalog().entry("amazon_s3")
ODD = ["a b+c.txt", "a%20b.txt", "ünï/Ähm & <so>.txt", "x/../y", "x//z", "tab\tand\x01.txt", "~!*'()"]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    with moto_store(tmp_path_factory.mktemp("moto")) as made:
        yield made


@pytest.fixture
def bucket(store, request) -> str:
    """A new one for each test."""
    name = request.node.name.removeprefix("test_").replace("_", "-").partition("[")[0][:60].strip("-")
    store.client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Callable[..., Any]]:
    """A reader for `settings`; keys as a person gives them."""
    async with AsyncExitStack() as stack:

        async def made(
            address: str | None, keys: dict[str, str] | None = None, *, private: bool = True, **settings: str
        ):
            manifest = load(ENTRY.manifest)
            settings = {"region": REGION, **settings}
            held = schemes.hold(manifest, {name: Secret(value) for name, value in (keys or {}).items()})
            signer = schemes.signer(schemes.of_name(manifest, "aws_sigv4"), held, settings) if keys else None
            http = client(manifest, signer=signer, base_url=address, allow_private=private, shared=Budget())
            http.retry = NEVER
            return compile_connector(ENTRY)(Context(http=await stack.enter_async_context(http), settings=settings))

        yield made


async def read(reader, since=None) -> list:
    return [page async for page in reader.changes("files", since)]


def files(pages) -> dict[str, Any]:
    return {change.ref.id: change for page in pages for change in page.changes}


async def test_a_bucket_is_listed_and_an_unchanged_one_is_the_same_again(store, bucket, connect):
    store.client.put_object(Bucket=bucket, Key="docs/report.pdf", Body=b"x" * 4096)
    store.client.put_object(Bucket=bucket, Key="docs/", Body=b"")
    reader = await connect(store.address, store.keys, bucket=bucket)
    account = await reader.probe()
    assert account.id == f"{urlsplit(store.address).netloc}/{bucket}"
    (page,) = await read(reader)
    (change,) = page.changes
    assert (change.data.path, change.data.size, change.data.storage_class) == ("docs/report.pdf", 4096, "STANDARD")
    assert change.ref.version == change.data.etag == md5(b"x" * 4096, usedforsecurity=False).hexdigest()
    assert change.data.modified.tzinfo is not None
    assert (page.last, page.listing, page.cursor) == (True, True, None)
    assert files(await read(reader)) == files([page])


async def test_a_name_with_a_slash_at_its_end_is_a_folder_only_where_it_is_empty(store, bucket, connect):
    store.client.put_object(Bucket=bucket, Key="empty/", Body=b"")
    store.client.put_object(Bucket=bucket, Key="data/", Body=b"x")
    reader = await connect(store.address, store.keys, bucket=bucket)
    assert files(await read(reader)).keys() == {"data/"}


async def test_changed_and_deleted_files_show_in_the_next_listing(store, bucket, connect):
    for key in ("kept", "changed", "deleted"):
        store.client.put_object(Bucket=bucket, Key=key, Body=key.encode())
    reader = await connect(store.address, store.keys, bucket=bucket)
    before = files(await read(reader))
    store.client.put_object(Bucket=bucket, Key="changed", Body=b"more than before")
    store.client.delete_object(Bucket=bucket, Key="deleted")
    pages = await read(reader)
    after = files(pages)
    assert after.keys() == {"kept", "changed"}
    assert after["kept"] == before["kept"]
    assert after["changed"].ref.version != before["changed"].ref.version
    assert pages[-1].listing
    assert pages[-1].last


async def test_odd_keys_come_as_they_are_and_pages_can_be_gone_on_from(store, bucket, connect):
    with store.unguarded():  # moto finds fault with boto3's signature of such keys
        for key in ODD:
            store.client.put_object(Bucket=bucket, Key=key, Body=b"x")
    reader = await connect(store.address, store.keys, bucket=bucket)
    found = files(await read(reader))
    assert found.keys() == set(ODD)
    for position, key in enumerate(found):
        if "\x01" in key:
            continue  # moto repeats start-after in its answer without encoding it, and that is no XML
        assert [*files(await read(reader, Cursor({"after": key})))] == [*found][position + 1 :]


async def test_a_killed_listing_goes_on_after_the_last_key(store, bucket, connect):
    names = [f"many/{number:04} ü+.txt" for number in range(1203)]
    for name in names:
        store.client.put_object(Bucket=bucket, Key=name, Body=b"")
    reader = await connect(store.address, store.keys, bucket=bucket)
    first, second = await read(reader)
    assert (len(first.changes), len(second.changes)) == (1000, 203)
    assert (first.last, first.listing) == (False, True)
    other = await connect(store.address, store.keys, bucket=bucket)
    (rest,) = await read(other, Cursor(json.loads(json.dumps(first.cursor.value))))
    assert rest == second
    with pytest.raises(Stale):
        await read(other, Cursor({"page": 7}))


async def test_a_prefix_limits_what_is_read(store, bucket, connect):
    for key in ("photos/1.jpg", "photos/2.jpg", "private/1.txt"):
        store.client.put_object(Bucket=bucket, Key=key, Body=b"x")
    reader = await connect(store.address, store.keys, bucket=bucket, prefix="/photos/")
    assert files(await read(reader)).keys() == {"photos/1.jpg", "photos/2.jpg"}
    assert (await reader.probe()).name == f"{bucket}/photos/"


async def test_wrong_keys_ask_for_permission(store, bucket, connect):
    for wrong in ({"secret_access_key": "wrong"}, {"access_key_id": "AKIAWRONG0000000WRONG"}):
        reader = await connect(store.address, {**store.keys, **wrong}, bucket=bucket)
        with pytest.raises(NeedsConsent, match=r"SignatureDoesNotMatch|InvalidAccessKeyId") as refused:
            await reader.probe()
        assert store.keys["secret_access_key"] not in f"{refused.value.message}{refused.value.detail}"


async def test_a_bucket_that_is_not_there_is_named(store, connect):
    reader = await connect(store.address, store.keys, bucket="nobody-made-this")
    with pytest.raises(PersonMustFix, match="no bucket nobody-made-this"):
        await reader.probe()


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "said"),
    [
        (301, {"x-amz-bucket-region": "eu-west-3"}, "PermanentRedirect", PersonMustFix, "eu-west-3"),
        (307, {"Location": "http://127.0.0.1:9/elsewhere"}, "TemporaryRedirect", PersonMustFix, "another region"),
        (400, {}, "AuthorizationHeaderMalformed</Code><Region>eu-west-3</Region><Code>", PersonMustFix, "eu-west-3"),
        (400, {}, "ExpiredToken", NeedsConsent, "ExpiredToken"),
        (403, {}, "AccessDenied", NeedsConsent, "AccessDenied"),
        (403, {}, "RequestTimeTooSkewed", PersonMustFix, "clock"),
        (400, {}, "RequestTimeout", TryLater, "busy"),
        (503, {}, "SlowDown", TryLater, "503"),
        (400, {}, "InvalidArgument", PersonMustFix, "InvalidArgument"),
    ],
)
async def test_each_refusal_says_what_comes_next(connect, status, headers, body, error, said):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers, text=f"<Error><Code>{body}</Code></Error>")

    async with _served(answer) as address:
        reader = await connect(address, bucket="photos")
        with pytest.raises(error, match=said):
            await reader.probe()


@pytest.mark.parametrize(
    "body",
    [
        "<html><body>Sign in</body></html>",
        "no XML",
        "",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><x>&e;</x>',
    ],
)
async def test_an_answer_that_is_no_listing_is_no_empty_bucket(connect, body):
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/xml")

    async with _served(answer) as address:
        with pytest.raises(ServiceChanged):
            await read(await connect(address, bucket="photos"))


async def test_only_the_store_a_person_named_is_asked(connect):
    with pytest.raises(PersonMustFix, match="private network"):
        await (await connect("http://127.0.0.1:9", private=False, bucket="photos")).probe()
    for settings in ({"bucket": "../x"}, {"bucket": ""}, {"bucket": "photos", "region": "evil.example/#"}):
        with pytest.raises(PersonMustFix):
            await connect(None, **settings)


async def test_what_is_asked_and_read_stands_in_amazons_own_model(store, bucket, connect, shared):
    model = json.loads((shared / "contracts" / "amazon-s3" / "service-2.json").read_text())
    shapes = model["shapes"]
    operation = model["operations"]["ListObjectsV2"]
    asked = shapes[operation["input"]["shape"]]["members"]
    known = {member["locationName"] for member in asked.values() if member.get("location") == "querystring"}
    for key in ("a", "b"):
        store.client.put_object(Bucket=bucket, Key=key, Body=b"x")
    reader = await connect(store.address, store.keys, bucket=bucket, prefix="a")
    await reader.probe()
    await read(reader)
    seen = [each for each in store.requests() if "boto" not in each["headers"].get("User-Agent", "").lower()]
    mine = [each for each in seen if urlsplit(each["url"]).path == f"/{bucket}"]
    assert mine
    for each in mine:
        query = parse_qs(urlsplit(each["url"]).query)
        assert each["method"] == operation["http"]["method"]
        assert query.pop("list-type") == ["2"]
        assert query.keys() <= known
    output = shapes[operation["output"]["shape"]]["members"]
    entry = shapes[shapes[output["Contents"]["shape"]]["member"]["shape"]]["members"]
    assert {"IsTruncated", "EncodingType", "Contents"} <= output.keys()
    assert {"Key", "LastModified", "ETag", "Size", "StorageClass"} <= entry.keys()


@asynccontextmanager
async def _served(answer) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:
        yield str(server.make_url("")).rstrip("/")
