"""Texts, names and ids that are long, broken or empty: kept as they are, kept in part, or refused alone."""

import io
import time

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from entrepot.core.change import Attachment, Change, Ref
from entrepot.core.planner import Task
from entrepot.core.report import Counts
from entrepot.storage import collections


def task(name, title=None, *, version=None, native=b"", collection=None, files=()):
    return Change("tasks", Ref(name, version), Task(title=title or f"Task {name}"), native, collection, files)


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 5000, "\ud800", "ü" * 1500])
def test_an_id_that_no_database_can_keep_is_refused_alone(place, name):
    assert place.apply(task(name), task("t1")) == Counts(read=2, created=1, refused=1)
    assert place.there() == {"t1": True}


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "\ud800"])
def test_a_collection_or_version_that_no_database_can_keep_is_refused_alone(place, name):
    assert place.apply(task("t1", collection=name), task("t2", collection="inbox")).refused == 1
    assert place.apply(task("t3", version=name[:3])).refused == (0 if name[0] == "x" else 1)
    assert place.rows("SELECT name FROM collections") == [("inbox",)]


def test_names_of_files_and_collections_are_kept_as_far_as_a_database_can(place):
    file = Attachment("a" * 64, 3, "half\ud83d\0.txt", "text/\0plain", lambda: io.BytesIO(b"abc"))
    place.apply(task("t1", collection="one", files=[file]))
    assert place.apply(task("t1", collection="one", files=[file])).unchanged == 1
    assert place.rows("SELECT name, media_type FROM item_files") == [("half?\ufffd.txt", "text/\ufffdplain")]
    with place.database.write() as tx:
        collections.attach(tx, place.stream, {"one": "In\0box\ud83d"})
    assert place.rows("SELECT name FROM collections") == [("In\ufffdbox?",)]


def test_long_texts_are_kept_whole(place):
    long = "ü\0" * 1_000_000
    place.apply(task("t1", long, native=b"\0\xff" * 1_000_000))
    assert msgspec.json.decode(bytes(place.rows("SELECT data FROM items")[0][0])) == {"title": long}
    assert len(bytes(place.rows("SELECT native FROM natives")[0][0])) == 2_000_000


def test_a_tombstone_makes_no_collection(place):
    assert place.apply(Change("tasks", Ref("t1"), None, collection="trash")).unchanged == 1
    assert place.rows("SELECT count(*) FROM collections") == [(0,)]


def test_ten_thousand_collections_are_attached_and_followed_quickly(place):
    names = {f"c{number}": f"Calendar {number}" for number in range(10_000)}
    begin = time.perf_counter()
    with place.database.write() as tx:
        first = collections.attach(tx, place.stream, names)
    with place.database.write() as tx:
        assert collections.attach(tx, place.stream, {**names, "c7": "Renamed"}) == first
    assert time.perf_counter() - begin < 4
    assert place.apply(task("t1", collection="c7")).created == 1
    assert place.rows("SELECT collections.name FROM items JOIN collections ON collections.id = collection_id") == [
        ("Renamed",)
    ]
    assert place.rows("SELECT count(*) FROM collections WHERE name LIKE 'Calendar %'") == [(9_999,)]


def test_text_that_is_not_unicode_is_refused_alone(place):
    assert place.apply(task("t1", "half \ud83d"), task("t2")) == Counts(read=2, created=1, refused=1)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=st.text(max_size=50), name=st.text(min_size=1, max_size=20))
def test_any_text_is_kept_as_it_is_or_refused(place, title, name):
    counts = place.apply(task(name, title or "x"))
    if not counts.refused:
        data = place.rows("SELECT data FROM items WHERE source_object_id = ?", name)[0][0]
        assert msgspec.json.decode(bytes(data)) == {"title": title or "x"}
