"""Signatures published by AWS: the aws-sig-v4-test-suite, the IAM and S3 guides; and botocore as a second opinion."""

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from entrepot.auth.sigv4 import Keys, Scope, SigV4, sign
from entrepot.core.secret import Secret
from entrepot.transport.message import Request

KEYS = Keys("AKIDEXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"))
SUITE = Scope("us-east-1", "service")
AT = datetime(2015, 8, 30, 12, 36, 0, tzinfo=UTC)
HOST = "https://example.amazonaws.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

PUBLISHED = {
    "get-vanilla": (Request("GET", HOST + "/"), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    "get-vanilla-query-order-key-case": (
        Request("GET", HOST + "/?Param2=value2&Param1=value1"),
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    ),
    "get-relative-relative": (
        Request("GET", HOST + "/example1/example2/../.."),
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    ),
    "get-utf8": (
        Request("GET", HOST + "/\u1234"),
        "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    ),
    "get-header-value-trim": (
        Request("GET", HOST + "/", headers={"My-Header1": " value1", "My-Header2": ' "a   b   c"'}),
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    ),
    "post-vanilla": (Request("POST", HOST + "/"), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    "post-x-www-form-urlencoded": (
        Request("POST", HOST + "/", headers=FORM, body=b"Param1=value1"),
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    ),
}


def signature(request: Request) -> str:
    value = request.headers["Authorization"]
    assert isinstance(value, Secret)
    return value.reveal().rpartition("Signature=")[2]


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_request_of_the_published_suite_gets_the_published_signature(name: str):
    request, published = PUBLISHED[name]
    assert signature(sign(request, KEYS, SUITE, AT)) == published


def test_the_example_of_the_iam_guide_gets_its_signature():
    request = Request(
        "GET",
        "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08",
        headers={"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"},
    )
    signed = sign(request, KEYS, Scope("us-east-1", "iam"), AT)
    assert signature(signed) == "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"


def test_the_example_of_the_s3_guide_gets_its_signature():
    keys = Keys("AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
    request = Request("GET", "https://examplebucket.s3.amazonaws.com/test.txt", headers={"Range": "bytes=0-9"})
    signed = sign(request, keys, Scope("us-east-1", "s3"), datetime(2013, 5, 24, tzinfo=UTC))
    assert signature(signed) == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


@pytest.mark.parametrize("service", ["s3", "execute-api"])
@given(
    path=st.text("abcÄ /+~.:@&=%'()*", max_size=20),
    query=st.lists(
        st.tuples(st.text("abÄ +&=~/", min_size=1, max_size=6), st.text("xyÖ +&=%", max_size=6)), max_size=4
    ),
    body=st.binary(max_size=20),
)
def test_botocore_signs_every_request_alike(service: str, path: str, query: list[tuple[str, str]], body: bytes):
    from urllib.parse import quote, urlencode

    url = f"https://host.example.org/{quote(path, safe='/')}" + (
        f"?{urlencode(query, quote_via=quote)}" if query else ""
    )
    keys = Keys("AKID", Secret("secret"), Secret("session"))
    signed = sign(Request("PUT", url, body=body), keys, Scope("eu-central-1", service), AT)
    stamp = signed.headers["X-Amz-Date"]
    theirs = AWSRequest("PUT", url, data=body)
    assert isinstance(stamp, str)
    theirs.context["timestamp"] = stamp
    theirs.context["payload_signing_enabled"] = True
    signer = (S3SigV4Auth if service == "s3" else SigV4Auth)(
        Credentials("AKID", "secret", "session"), service, "eu-central-1"
    )
    signer._modify_request_before_signing(theirs)
    string = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    assert signature(signed) == signer.signature(string, theirs)


async def test_neither_the_secret_key_nor_the_session_token_is_shown():
    signed = await SigV4(Keys("AKID", Secret("planted-key"), Secret("planted-token")), SUITE).sign(Request("GET", HOST))
    assert "planted" not in repr(signed) + repr(dict(signed.headers))
    assert "planted" not in repr(Keys("AKID", Secret("planted-key")))
