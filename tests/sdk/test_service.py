"""The client that a manifest describes: which hosts it may reach, and where it begins."""

import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.sdk.catalog import Catalog
from entrepot.sdk.manifest_file import load
from entrepot.sdk.service import budget, client, hosts
from entrepot.transport.message import Request


def manifest(name: str):
    return load(Catalog().entry(name).manifest)


def test_only_hosts_of_the_manifest_can_be_reached():
    assert hosts(manifest("github")) == ["api.github.com", "github.com"]
    assert "caldav.icloud.com" in hosts(manifest("caldav"))


async def test_another_host_is_refused_before_anything_is_sent():
    async with client(manifest("github")) as http:
        with pytest.raises(PersonMustFix, match="not among the addresses"):
            await http.send(Request("GET", "https://evil.example.org/"))


def test_a_service_of_ones_own_needs_its_address():
    with pytest.raises(PersonMustFix, match="needs the address"):
        client(manifest("caldav"))
    assert client(manifest("caldav"), base_url="https://cloud.example.org/").base_url == "https://cloud.example.org"


def test_the_budget_is_the_one_declared():
    assert budget(manifest("github")).concurrency == 8
