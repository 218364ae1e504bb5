"""Every connector to a live service, read from its own fixtures: the suite a connector passes by being there."""

import json
import re

import pytest
import yaml

from entrepot.core.lens import LensError
from entrepot.core.path import put
from entrepot.sdk.catalog import BUILT_IN, Catalog
from entrepot.sdk.manifest_fields import mapping_of
from entrepot.sdk.manifest_file import examine, load


def _is_served(folder):
    expected = folder / "fixtures" / "expected.yaml"
    return expected.is_file() and "answers" in (yaml.safe_load(expected.read_text()) or {})


NAMES = [entry.id for entry in Catalog().listing() if _is_served(BUILT_IN / entry.id)]


@pytest.mark.parametrize("name", [entry.id for entry in Catalog().listing()])
def test_the_manifest_has_no_mistakes(name):
    assert [str(problem) for problem in examine(BUILT_IN / name / "manifest.yaml").problems] == []


@pytest.mark.parametrize("name", NAMES)
async def test_its_fixtures_are_read_as_expected(name, stand_in):
    service = await stand_in(name)
    expected = service.expected
    account = await service.reader.probe()
    assert re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", account.id) == expected["account"]
    refused = 0
    for stream, count in expected["streams"].items():
        changes, pages = await service.everything(stream)
        assert len(changes) == count, stream
        refused += sum(len(page.bad) for page in pages)
        assert len(await service.reader.collections(stream)) == expected.get("collections", {}).get(stream, 0)
    assert refused == expected["refused"]


@pytest.mark.parametrize("name", NAMES)
async def test_what_is_read_twice_is_the_same_twice(name, stand_in):
    service = await stand_in(name)
    for stream in service.expected["streams"]:
        once, _ = await service.everything(stream)
        again, _ = await service.everything(stream)
        assert once == again


@pytest.mark.parametrize("name", NAMES)
async def test_every_cursor_is_json_and_goes_on_where_its_page_ended(name, stand_in):
    service = await stand_in(name)
    for stream in service.expected["streams"]:
        collections = [one.id for one in await service.reader.collections(stream)]
        target = collections[0] if service.manifest.stream(stream).by_collection else None
        pages = await service.changes(stream, collection=target)
        assert [page.last for page in pages] == [*[False] * (len(pages) - 1), True]
        for index, page in enumerate(pages[:-1]):
            cursor = type(page.cursor)(json.loads(json.dumps(page.cursor.value)))
            rest = await service.changes(stream, cursor, target)
            assert [c.ref for p in rest for c in p.changes] == [c.ref for p in pages[index + 1 :] for c in p.changes]


ODD = (
    True,
    0,
    -5,
    1.5,
    1e300,
    10**30,
    "",
    "x",
    "2026-02-30",
    "0001-01-01T00:00:00+14:00",
    "NaN",
    "1e999999",
    "../x",
    "\0",
)
ODDER = (*ODD, [], [1], ["a"], [None], [{}], [[1]], {}, {"a": 1}, {"year": "x"}, {"year": 2024, "month": 13})


@pytest.mark.parametrize("name", [entry.id for entry in Catalog().listing() if "live" in entry.reads])
def test_whatever_stands_in_a_field_is_read_or_refused(name):
    for spec in load(BUILT_IN / name / "manifest.yaml").streams.values():
        mapping = mapping_of(spec)
        for source in {source for field in mapping.fields for source in field.sources}:
            for odd in ODDER:
                record: dict[str, object] = {}
                put(record, source, odd)
                try:
                    found = mapping.read(record)
                except LensError:
                    continue
                assert all(value is not None for value in found.values())
