"""The client that a manifest describes: which hosts it may reach, and where it begins."""

import pytest

from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import budget, client, homes, hosts
from entrepot.transport.message import Request


def manifest(name: str):
    return load(Catalog().entry(name).manifest)


def test_only_hosts_of_the_manifest_can_be_reached():
    assert hosts(manifest("github")) == ["api.github.com", "github.com"]
    assert "caldav.icloud.com" in hosts(manifest("caldav"))


@pytest.mark.parametrize("url", ["https://evil.example.org/", "https://github.com/login"])
async def test_another_host_is_refused_before_anything_is_sent(url):
    """Also the one that gives permissions: the credential is not meant for it."""
    async with client(manifest("github")) as http:
        with pytest.raises(PersonMustFix, match="not among the addresses"):
            await http.send(Request("GET", url))


@pytest.mark.parametrize("base_url", ["https://cloud.example.org", "https://caldav.fastmail.com"])
async def test_the_password_for_one_provider_is_not_sent_to_another(base_url):
    """As a server would have it that answers with an address there."""
    async with client(manifest("caldav"), base_url=base_url) as http:
        with pytest.raises(PersonMustFix, match="not among the addresses"):
            await http.send(Request("PROPFIND", "https://p52-caldav.icloud.com/"))
    assert homes(manifest("caldav"), "https://caldav.icloud.com/") == ["*.icloud.com"]
    assert homes(manifest("todoist")) == ["api.todoist.com", "app.todoist.com"]


def test_a_service_of_ones_own_needs_its_address():
    with pytest.raises(PersonMustFix, match="needs the address"):
        client(manifest("caldav"))
    assert client(manifest("caldav"), base_url="https://cloud.example.org/").base_url == "https://cloud.example.org"


def test_the_budget_is_the_one_declared():
    assert budget(manifest("github")).concurrency == 8


@pytest.mark.parametrize(
    ("base_url", "calls"), [("https://caldav.icloud.com/", 600), ("https://cloud.example.org", 6000)]
)
async def test_a_provider_has_an_allowance_of_its_own(base_url: str, calls: int):
    allowed = budget(manifest("caldav"), base_url)
    for _ in range(calls):
        await allowed.enter(patience=0)
        allowed.leave()
    with pytest.raises(TryLater):
        await allowed.enter(patience=0)
