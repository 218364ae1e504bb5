from entrepot.core.change import BadRow, Change, Ref
from entrepot.core.planner import Task
from entrepot.storage import conflicts, history, journal
from entrepot.storage.journal import Entry


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


def test_the_journal_and_settled_conflicts_go_by_age_and_open_conflicts_stay(place):
    place.apply(Change("tasks", Ref("t1"), Task(title="old")))
    with place.database.write() as tx:
        item = tx.fetch("SELECT id FROM items")[0][0]
        journal.write(
            tx, place.workspace, [Entry(item=item, side="hub", action="edit", words="", before=b"{}", after=b"{}")]
        )
        told = {"attachment": 1, "link": None, "words": "", "told": b"{}"}
        conflicts.keep(tx, place.workspace, [conflicts.Row(item=item, field=field, **told) for field in ("a", "b")])
        conflicts.close(tx, [conflicts.open_in(tx, place.workspace)[0].key], "used hub")
        assert history.trim(tx, place.workspace) == 0
        tx.execute("UPDATE journal SET at = ?", tx.now() - history.JOURNAL_FOR - 1)
        tx.execute("UPDATE conflicts SET closed_at = ? WHERE closed <> ''", tx.now() - history.CLOSED_FOR - 1)
        assert history.trim(tx, place.workspace + 1) == 0
        assert history.trim(tx, place.workspace) == 2
        assert conflicts.count_open(tx, place.workspace) == 1
