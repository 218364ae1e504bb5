from entrepot.core.change import Change, Ref
from entrepot.core.planner import Task
from entrepot.storage import mappings


def test_lines_are_kept_as_they_were_written_and_a_change_has_its_time(place):
    with place.database.write() as tx:
        assert mappings.find(tx, place.stream.key) == mappings.NOTHING
        assert not mappings.keep(tx, place.stream.key, {})
        assert mappings.keep(tx, place.stream.key, {"title": "{at: größe}", "notes": ""})
        first = mappings.find(tx, place.stream.key)
        assert first.lines == {"title": "{at: größe}", "notes": ""}
        assert first.changed_at == tx.now()
        tx.execute("UPDATE mappings SET changed_at = 1")
        assert not mappings.keep(tx, place.stream.key, first.lines)
        assert mappings.find(tx, place.stream.key).changed_at == 1
        assert mappings.of_integration(tx, place.integration.key) == {"tasks": first.lines}
    with place.database.write() as tx:
        assert mappings.keep(tx, place.stream.key, {})
        assert mappings.find(tx, place.stream.key).changed_at > 1
        assert mappings.of_integration(tx, place.integration.key) == {}


def test_samples_are_the_newest_records_whose_text_was_kept(place):
    place.apply(*(Change("tasks", Ref(f"t{n}"), Task(title=str(n)), native=b'{"n": %d}' % n) for n in range(5)))
    place.apply(Change("tasks", Ref("bare"), Task(title="x")), Change.gone("tasks", Ref("t4")))
    with place.database.read() as tx:
        found = mappings.samples(tx, place.stream.key, 2)
    assert [(one.object_id, one.native) for one in found if one.native] == [("t3", b'{"n": 3}'), ("t2", b'{"n": 2}')][
        : len(found)
    ]
    assert found[-1].data.startswith(b"{")
