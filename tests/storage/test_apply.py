import io
import random
import time

import pytest

from entrepot.core.change import Attachment, BadRow, Change, Cursor, Page, Ref
from entrepot.core.errors import SafetyStop
from entrepot.core.planner import Event, Task
from entrepot.core.report import Counts
from entrepot.storage import events, runs, streams
from entrepot.storage.apply import apply_page, begin_listing


def task(name, title=None, *, version=None, native=b"", collection=None, files=()):
    data = Task(title=title or f"Task {name}")
    return Change("tasks", Ref(name, version), data, native, collection, files)


def gone(name):
    return Change.gone("tasks", Ref(name))


def tasks(*numbers):
    return [task(f"t{number}") for number in numbers]


def begin(place, **feed):
    with place.database.write() as tx:
        begin_listing(tx, place.feed(**feed))


def position(place, collection=""):
    with place.database.read() as tx:
        return streams.position(tx, place.stream, collection)


def kinds_of_events(place):
    with place.database.read() as tx:
        return [(event.type, len(event.items)) for event in events.after(tx, place.workspace)]


def test_a_page_is_applied_with_its_cursor_and_its_events(place):
    counts = place.apply(*tasks(1, 2, 3), cursor=7)
    assert counts == Counts(read=3, created=3)
    assert position(place).cursor == Cursor(7)
    assert kinds_of_events(place) == [("items.created", 3)]
    rows = place.rows("SELECT kind, data, source_platform, source_object_id FROM items ORDER BY id")
    kind, data, *source = rows[0]
    assert (kind, bytes(data), source) == ("task", b'{"title":"Task t1"}', ["todoist", "t1"])


def test_the_same_page_again_changes_nothing(place):
    place.apply(*tasks(1, 2, 3))
    before = place.rows("SELECT * FROM items ORDER BY id"), place.rows("SELECT * FROM links ORDER BY id")
    assert place.apply(*tasks(1, 2, 3)) == Counts(read=3, unchanged=3)
    assert before == (place.rows("SELECT * FROM items ORDER BY id"), place.rows("SELECT * FROM links ORDER BY id"))
    assert kinds_of_events(place) == [("items.created", 3)]


def test_only_what_differs_is_written(place):
    place.apply(*tasks(1, 2, 3))
    assert place.apply(task("t1"), task("t2", "New"), task("t4")) == Counts(read=3, created=1, updated=1, unchanged=1)
    assert kinds_of_events(place)[1:] == [("items.created", 1), ("items.updated", 1)]


def test_a_new_version_or_native_text_of_the_same_data_is_kept_but_is_no_update(place):
    place.apply(task("t1", version="1", native=b"one"))
    before = place.rows("SELECT * FROM items")
    assert place.apply(task("t1", version="2", native=b"two")) == Counts(read=1, unchanged=1)
    assert place.rows("SELECT * FROM items") == before
    assert place.rows("SELECT version FROM links") == [("2",)]
    assert bytes(place.rows("SELECT native FROM natives")[0][0]) == b"two"


def test_a_record_twice_in_a_page_is_as_its_last_appearance(place):
    assert place.apply(task("t1", "First"), task("t1", "Last")) == Counts(read=2, created=1, unchanged=1)
    assert bytes(place.rows("SELECT data FROM items")[0][0]) == b'{"title":"Last"}'
    assert place.apply(task("t1", "Again"), gone("t1")) == Counts(read=2, unchanged=1, deleted=1)


def test_a_tombstone_marks_the_item_and_keeps_its_data(place):
    place.apply(*tasks(1, 2))
    assert place.apply(gone("t1")) == Counts(read=1, deleted=1)
    assert place.there() == {"t1": False, "t2": True}
    assert bytes(place.rows("SELECT data FROM items WHERE deleted_at IS NOT NULL")[0][0]) == b'{"title":"Task t1"}'
    assert place.apply(gone("t1")) == Counts(read=1, unchanged=1)


def test_a_tombstone_of_something_unknown_is_ignored(place):
    assert place.apply(gone("never seen")) == Counts(read=1, unchanged=1)
    assert kinds_of_events(place) == []


def test_a_late_page_of_the_feed_brings_nothing_back(place):
    place.apply(task("t1", version="1"))
    place.apply(gone("t1"))
    assert place.apply(task("t1", version="1")) == Counts(read=1, unchanged=1)
    assert place.there() == {"t1": False}


def test_a_live_feed_brings_back_what_has_a_new_version(place):
    place.apply(task("t1", version="1"))
    place.apply(gone("t1"))
    assert place.apply(task("t1", version="2")) == Counts(read=1, updated=1)
    assert place.there() == {"t1": True}
    assert kinds_of_events(place)[-1] == ("items.restored", 1)


def test_an_archive_never_brings_back_what_was_deleted(place):
    place.apply(task("t1"))
    place.apply(gone("t1"))
    archive = place.feed(origin="archive")
    assert place.apply(task("t1", "Other"), feed=archive) == Counts(read=1, unchanged=1)
    assert place.there() == {"t1": False}


def test_an_archive_fills_in_what_is_missing_and_changes_nothing_that_was_read_live(place):
    place.apply(task("t1", "Live"))
    archive = place.feed(origin="archive")
    assert place.apply(task("t1", "Old"), task("t2", "Old"), feed=archive) == Counts(read=2, created=1, unchanged=1)
    assert {bytes(row[0]) for row in place.rows("SELECT data FROM items")} == {b'{"title":"Live"}', b'{"title":"Old"}'}


def test_what_an_archive_brought_is_overtaken_by_a_live_read(place):
    archive = place.feed(origin="archive")
    place.apply(task("t1", "Old"), task("t2", "Same"), feed=archive)
    assert place.apply(task("t1", "New"), task("t2", "Same")) == Counts(read=2, updated=1, unchanged=1)
    assert place.rows("SELECT DISTINCT origin FROM links") == [("live",)]
    assert place.apply(task("t1", "Old"), task("t2", "Old"), feed=archive) == Counts(read=2, unchanged=2)


def test_an_archive_moves_no_position(place):
    place.apply(*tasks(1), cursor=5)
    place.apply(*tasks(2), feed=place.feed(origin="archive"), cursor=9)
    assert position(place).cursor == Cursor(5)


def test_two_integrations_never_share_links(database, place):
    other = type(place)(database, "Second")
    place.apply(task("t1"))
    assert other.apply(task("t1")).created == 1
    assert len(place.rows("SELECT 1 FROM items")) == 2


def test_refused_rows_are_kept_with_the_run_and_the_rest_goes_on(place):
    bad = [BadRow("tasks", "line 3", "a \0 date\ud800 that cannot be")]
    assert place.apply(*tasks(1), bad=bad) == Counts(read=2, created=1, refused=1)
    with place.database.read() as tx:
        assert runs.refused_in(tx, place.run) == [BadRow("tasks", "line 3", "a \ufffd date? that cannot be")]


def test_a_stream_of_one_kind_takes_no_other(place):
    with pytest.raises(TypeError, match="task, not Event"):
        place.apply(Change("tasks", Ref("e1"), Event(title="An event")))
    assert place.there() == {}


def test_a_change_of_collection_is_an_update(place):
    place.apply(task("t1", collection="inbox"))
    assert place.apply(task("t1", collection="inbox")) == Counts(read=1, unchanged=1)
    assert place.apply(task("t1", collection="work")) == Counts(read=1, updated=1)
    assert place.rows("SELECT name FROM collections ORDER BY name") == [("inbox",), ("work",)]


def test_files_are_part_of_what_is_compared(place):
    def attachment(content, name="a.txt"):
        digest = content * 64
        return Attachment(digest, 3, name, "text/plain", lambda: io.BytesIO(b"abc"))

    place.apply(task("t1", files=[attachment("a")]))
    assert place.apply(task("t1", files=[attachment("a")])) == Counts(read=1, unchanged=1)
    twice = [attachment("b"), attachment("b"), attachment("b", "other.txt")]
    assert place.apply(task("t1", files=twice)) == Counts(read=1, updated=1)
    assert place.rows("SELECT name FROM item_files ORDER BY name") == [("a.txt",), ("other.txt",)]
    assert place.apply(task("t1")) == Counts(read=1, updated=1)
    assert place.rows("SELECT name FROM item_files") == []


def test_a_full_listing_deletes_what_it_did_not_show(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    assert place.apply(*tasks(*range(9)), listing=True, cursor=1).deleted == 0
    counts = place.apply(*tasks(*range(9, 17)), listing=True, last=True, cursor=2)
    assert counts == Counts(read=8, unchanged=8, deleted=3)
    assert sum(place.there().values()) == 17
    assert position(place).listing is False
    assert place.rows("SELECT count(*) FROM seen") == [(0,)]


def test_when_the_last_full_listing_ended_is_kept(place):
    place.apply(*tasks(1), cursor=1)
    assert position(place).listed_at == 0
    begin(place)
    place.apply(*tasks(1), listing=True, last=True, cursor=2)
    ended = position(place).listed_at
    assert ended > 0
    place.apply(*tasks(2), cursor=3)
    begin(place)
    assert position(place).listed_at == ended


def test_a_listing_that_ends_early_deletes_nothing(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(1, 2), listing=True, cursor=1)
    assert all(place.there().values())
    assert position(place).listing is True


def test_a_listing_goes_on_after_a_kill_with_its_marks(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(*range(15)), listing=True, cursor=1)
    assert position(place) == streams.Position(Cursor(1), listing=True, newest_link=20)
    assert place.apply(*tasks(16, 17, 18, 19), listing=True, last=True).deleted == 1


def test_marks_of_an_abandoned_listing_do_not_count(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(0, 1), listing=True)
    begin(place)
    assert place.apply(*tasks(*range(2, 20)), listing=True, last=True).deleted == 2


def test_without_a_begun_listing_nothing_is_swept(place):
    place.apply(*tasks(*range(20)))
    assert place.apply(*tasks(1), listing=True, last=True).deleted == 0


def test_pages_that_are_no_listing_end_it(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(*range(18)), cursor=1)
    assert place.apply(*tasks(18), listing=True, last=True).deleted == 0
    assert all(place.there().values())


def test_a_stream_that_never_tells_deletions_is_not_swept(place):
    place.apply(*tasks(*range(20)))
    begin(place, sweeps=False)
    assert place.apply(*tasks(*range(19)), feed=place.feed(sweeps=False), listing=True, last=True).deleted == 0


def test_what_came_from_an_archive_is_not_missed_by_a_live_listing(place):
    place.apply(*tasks(*range(100, 120)), feed=place.feed(origin="archive"))
    place.apply(*tasks(*range(5)))
    begin(place)
    assert place.apply(*tasks(*range(4)), listing=True, last=True).deleted == 1


def test_a_listing_brings_back_what_exists(place):
    place.apply(*tasks(*range(5)))
    place.apply(gone("t1"))
    begin(place)
    assert place.apply(*tasks(*range(5)), listing=True, last=True) == Counts(read=5, updated=1, unchanged=4)


@pytest.mark.parametrize(("there", "left", "stops"), [
    (1, 0, True), (10, 0, True), (10, 1, False), (40, 30, False), (40, 27, True), (36, 25, True), (100, 70, False), (100, 69, True),
])  # fmt: skip
def test_the_brake_stops_a_sweep_of_too_much(place, there, left, stops):
    place.apply(*tasks(*range(there)))
    begin(place)
    if not stops:
        assert place.apply(*tasks(*range(left)), listing=True, last=True).deleted == there - left
        return
    with pytest.raises(SafetyStop, match=f"{there - left} of {there} tasks"):
        place.apply(*tasks(*range(left)), listing=True, last=True)
    assert all(place.there().values())
    confirmed = place.feed(confirmed=True)
    assert place.apply(*tasks(*range(left)), feed=confirmed, listing=True, last=True).deleted == there - left


def test_what_is_new_does_not_hide_from_the_brake_that_all_is_gone(place):
    place.apply(*tasks(*range(5)))
    begin(place)
    with pytest.raises(SafetyStop, match="5 of 5"):
        place.apply(*tasks(*range(1000, 1100)), listing=True, last=True)


def test_a_feed_that_buries_most_of_a_stream_waits_for_a_person(place):
    place.apply(*tasks(*range(40)))
    with pytest.raises(SafetyStop, match="13 of 40"):
        place.apply(*[gone(f"t{number}") for number in range(13)], cursor=3)
    assert all(place.there().values())
    assert place.apply(*[gone(f"t{number}") for number in range(12)]).deleted == 12


def test_a_record_that_was_there_but_unreadable_is_not_gone(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(*range(18)), bad=[BadRow("tasks", "t18", "broken")], listing=True)
    assert place.apply(listing=True, last=True).deleted == 1
    assert [name for name, here in place.there().items() if not here] == ["t19"]


def test_where_nobody_can_say_which_record_was_unreadable_nothing_is_deleted(place):
    place.apply(*tasks(*range(20)))
    begin(place)
    place.apply(*tasks(*range(18)), bad=[BadRow("tasks", "line 7", "broken")], listing=True)
    assert place.apply(listing=True, last=True).deleted == 0
    begin(place)
    assert place.apply(*tasks(*range(18)), listing=True, last=True).deleted == 2


def test_a_sweep_costs_no_more_than_the_reading_before_it(place):
    many = range(8000)
    reading = time.perf_counter()
    for first in many[::1000]:
        place.apply(*tasks(*range(first, first + 1000)))
    reading = time.perf_counter() - reading
    begin(place)
    for first in many[::1000]:
        place.apply(*tasks(*range(first + 10, first + 1000)), listing=True)
    sweeping = time.perf_counter()
    assert place.apply(listing=True, last=True).deleted == 80
    assert time.perf_counter() - sweeping < reading


def test_a_collection_read_by_itself_is_swept_by_itself(place):
    home, work = place.feed(collection="home"), place.feed(collection="work")
    place.apply(*tasks(1, 2), feed=home, cursor=1)
    place.apply(*tasks(3, 4), feed=work, cursor=2)
    begin(place, collection="home")
    assert place.apply(*tasks(1), feed=home, listing=True, last=True).deleted == 1
    assert place.there() == {"t1": True, "t2": False, "t3": True, "t4": True}
    assert position(place, "work").cursor == Cursor(2)


def test_a_tombstone_from_the_collection_a_record_left_does_not_delete_it(place):
    home, work = place.feed(collection="home"), place.feed(collection="work")
    place.apply(*tasks(1, 2), feed=home)
    assert place.apply(*tasks(1), feed=work) == Counts(read=1, updated=1)
    assert place.apply(gone("t1"), feed=home) == Counts(read=1, unchanged=1)
    assert place.apply(gone("t1"), feed=work) == Counts(read=1, deleted=1)


def test_an_exception_leaves_nothing_of_a_page(place):
    def fail():
        with place.database.write() as tx:
            apply_page(tx, place.feed(), Page(changes=tasks(1, 2), cursor=Cursor(1)))
            raise RuntimeError("later")

    with pytest.raises(RuntimeError, match="later"):
        fail()
    assert place.there() == {}
    assert position(place).cursor is None


def test_random_histories_end_as_the_service_is(place):
    dice = random.Random(4)
    service: dict[str, str] = {}
    for _ in range(60):
        changes = []
        for name in dice.sample([f"t{number}" for number in range(30)], 6):
            if name in service and dice.random() < 0.3:
                del service[name]
                changes.append(gone(name))
            else:
                service[name] = f"Title {dice.random()}"
                changes.append(task(name, service[name]))
        place.apply(*changes, feed=place.feed(confirmed=True))
    rows = place.rows("SELECT source_object_id, data FROM items WHERE deleted_at IS NULL")
    assert {name: bytes(data).decode() for name, data in rows} == {n: f'{{"title":"{t}"}}' for n, t in service.items()}
    assert len(place.rows("SELECT 1 FROM links")) == len(place.rows("SELECT DISTINCT object_id FROM links"))
