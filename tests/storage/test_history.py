from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.planner import Task
from entrepot.storage import history


def test_history_is_forgotten_by_age_and_items_never_are(place):
    place.apply(Change("tasks", Ref("t1"), Task(title="old")), bad=[BadRow("tasks", "line 1", "broken")])
    with place.database.write() as tx:
        assert history.trim(tx, place.workspace) == 0
        tx.execute("UPDATE events SET at = ?", tx.now() - history.EVENTS_FOR - 1)
        tx.execute("UPDATE runs SET status = 'done', finished_at = ?", tx.now() - history.REFUSED_FOR - 1)
        assert history.trim(tx, place.workspace) == 2
        assert tx.fetch("SELECT count(*) FROM runs") == [(1,)]
        tx.execute("UPDATE runs SET finished_at = ?", tx.now() - history.RUNS_FOR - 1)
        assert history.trim(tx, place.workspace + 1) == 0
        assert history.trim(tx, place.workspace) == 1
    assert place.there() == {"t1": True}
