import subprocess
import sys
import time

import pytest

from entrepot.core.errors import PersonMustFix, TryLater
from entrepot.core.report import Counts
from entrepot.jobs import runs
from entrepot.jobs.held import LostRun
from entrepot.jobs.owner import is_dead, this_process
from entrepot.jobs.runs import NewRun
from entrepot.storage import events
from entrepot.storage import runs as rows
from entrepot.storage.database import Database

TAKER = """
import sys
from entrepot.jobs import runs
from entrepot.storage.database import Database

with Database(sys.argv[1]) as database:
    print("ready", flush=True)
    sys.stdin.readline()
    held = runs.acquire(database, int(sys.argv[2]))
    print("won" if held else "lost", flush=True)
    sys.stdin.readline()
"""


def new(place, **changed):
    return NewRun(**{"workspace_id": place.workspace, "integration": place.integration.key, "task": "sync", **changed})


def create(place, **changed):
    with place.database.write() as tx:
        return runs.create(tx, new(place, **changed))


def row(place, key):
    with place.database.read() as tx:
        return rows.by_key(tx, key)


def note(tx):
    """Work that leaves a mark which can be counted."""
    tx.execute("INSERT INTO seen (stream_id, remote_collection, links, unread) VALUES (77, '', '', '')")
    return Counts(read=1, created=1)


def notes(place):
    return place.rows("SELECT count(*) FROM seen WHERE stream_id = 77")[0][0]


def kill_holder(place, key):
    """As if the process that holds it had been killed: its owner is a process that has ended."""
    dead = subprocess.Popen(
        [sys.executable, "-c", "from entrepot.jobs.owner import this_process; print(this_process())"],
        stdout=subprocess.PIPE,
        text=True,
    )
    owner = dead.communicate()[0].strip()
    with place.database.write() as tx:
        tx.execute("UPDATE runs SET owner = ? WHERE id = ?", owner, key)


def test_a_run_goes_from_queued_to_done(place):
    key = create(place)
    assert row(place, key).status == "queued"
    held = runs.acquire(place.database, key)
    assert held.page("tasks", note, {"rows": 1}) == "go"
    held.page("tasks", note, {"rows": 2})
    held.page("events", note)
    done = held.finish("done")
    assert (done.status, done.fence, done.lease_until, done.progress) == ("done", 1, None, {"rows": 2})
    assert done.counts == {"tasks": Counts(read=2, created=2), "events": Counts(read=1, created=1)}
    assert done.total() == Counts(read=3, created=3)
    assert done.finished_at >= done.started_at >= done.created_at
    with place.database.read() as tx:
        assert [event.type for event in events.after(tx, place.workspace)] == ["run.finished"]


def test_a_held_run_is_not_taken_by_another(place):
    key = create(place)
    assert runs.acquire(place.database, key)
    assert runs.acquire(place.database, key) is None


def test_an_integration_has_one_running_run(place):
    held = runs.acquire(place.database, create(place))
    second = create(place)
    assert runs.acquire(place.database, second) is None
    held.finish("done")
    assert runs.acquire(place.database, second)


def test_the_database_itself_refuses_a_second_running_run(place):
    runs.acquire(place.database, create(place))
    second = create(place)
    with pytest.raises(Exception, match=r"(?i)unique"), place.database.write() as tx:
        tx.execute("UPDATE runs SET status = 'running' WHERE id = ?", second)


def test_an_expired_lease_is_taken_over_and_the_former_holder_keeps_nothing(place):
    key = create(place)
    former = runs.acquire(place.database, key, lease=0.05)
    former.page("tasks", note, {"rows": 1})
    time.sleep(0.1)
    latter = runs.acquire(place.database, key)
    assert (latter.run.fence, latter.progress, latter.counts["tasks"].read) == (2, {"rows": 1}, 1)
    with pytest.raises(LostRun):
        former.page("tasks", note)
    with pytest.raises(LostRun):
        former.write(note)
    with pytest.raises(LostRun):
        former.renew()
    with pytest.raises(LostRun):
        former.finish("failed")
    assert notes(place) == 1
    latter.page("tasks", note)
    assert latter.finish("done").counts["tasks"].read == 2


def test_an_expired_lease_that_nobody_took_is_still_mine(place):
    held = runs.acquire(place.database, create(place), lease=0.01)
    time.sleep(0.05)
    assert held.page("tasks", note) == "go"


def test_a_thread_keeps_the_lease_while_a_service_is_slow(place):
    key = create(place)
    held = runs.acquire(place.database, key, lease=0.3)
    with held.kept():
        time.sleep(0.8)
        assert runs.requeue_expired(place.database) == 0
        assert runs.acquire(place.database, key) is None
        held.finish("done")


def test_work_that_fails_leaves_counts_and_progress_as_they_were(place):
    held = runs.acquire(place.database, create(place))
    held.page("tasks", note, {"rows": 1})

    def fail(tx):
        note(tx)
        raise PersonMustFix("no")

    with pytest.raises(PersonMustFix):
        held.page("tasks", fail, {"rows": 2})
    assert (held.progress, held.counts["tasks"].read, notes(place)) == ({"rows": 1}, 1, 1)
    assert held.finish("failed", PersonMustFix("no")).error_code == "person-must-fix"


def test_what_a_person_wants_is_told_after_each_page(place):
    key = create(place)
    held = runs.acquire(place.database, key)
    public = held.run.id
    runs.pause(place.database, place.workspace, public)
    assert held.page("tasks", note) == "pause"
    assert held.finish("paused").finished_at is None
    assert runs.resume(place.database, place.workspace, public).status == "queued"
    held = runs.acquire(place.database, key)
    assert (held.page("tasks", note), held.run.fence) == ("go", 2)
    runs.cancel(place.database, place.workspace, public)
    assert held.renew() == "cancel"
    assert held.finish("cancelled").status == "cancelled"
    with pytest.raises(PersonMustFix, match="has ended"):
        runs.resume(place.database, place.workspace, public)


def test_pause_cancel_and_resume_work_with_no_worker_alive(place):
    key = create(place)
    public = row(place, key).id
    assert runs.pause(place.database, place.workspace, public).status == "paused"
    assert runs.acquire(place.database, key) is None
    assert runs.resume(place.database, place.workspace, public).status == "queued"
    assert runs.acquire(place.database, key)
    kill_holder(place, key)
    assert runs.cancel(place.database, place.workspace, public).status == "cancelled"


def test_dead_runs_go_where_their_want_says(place, database):
    wanted = {}
    for number, (want, status) in enumerate([("go", "queued"), ("pause", "paused"), ("cancel", "cancelled")]):
        other = type(place)(database, f"Number {number}")
        key = create(other)
        held = runs.acquire(database, key)
        if want != "go":
            getattr(runs, want)(database, place.workspace, held.run.id)
        kill_holder(place, key)
        wanted[key] = status
    assert runs.requeue_expired(database) == 3
    assert {key: row(place, key).status for key in wanted} == wanted


def test_start_goes_on_with_an_interrupted_run_of_the_same_task(place):
    first = runs.start(place.database, new(place, task="import", options={"file": "a"}))
    first.page("tasks", note, {"rows": 1})
    kill_holder(place, first.run.key)
    again = runs.start(place.database, new(place, task="import", options={"file": "a"}))
    assert (again.run.id, again.run.fence, again.progress) == (first.run.id, 2, {"rows": 1})


def test_start_begins_anew_for_another_task(place):
    first = runs.start(place.database, new(place, task="import", options={"file": "a"}))
    kill_holder(place, first.run.key)
    other = runs.start(place.database, new(place, task="import", options={"file": "b"}))
    assert other.run.id != first.run.id
    assert row(place, first.run.key).status == "queued"


def test_a_later_sync_supersedes_an_interrupted_one(place):
    first = runs.start(place.database, new(place))
    kill_holder(place, first.run.key)
    second = runs.start(place.database, new(place, options={"stream": "tasks"}))
    assert second.run.id != first.run.id
    assert row(place, first.run.key).status == "cancelled"


def test_start_says_so_while_another_run_is_under_way(place):
    runs.start(place.database, new(place))
    before = place.rows("SELECT count(*) FROM runs")
    with pytest.raises(TryLater):
        runs.start(place.database, new(place))
    assert place.rows("SELECT count(*) FROM runs") == before


def test_leaving_by_an_interruption_puts_the_run_back_into_the_queue(place):
    held = runs.start(place.database, new(place))
    with pytest.raises(KeyboardInterrupt), held.kept():
        raise KeyboardInterrupt
    assert row(place, held.run.key).status == "queued"


def test_an_interruption_right_after_a_commit_takes_nothing_back(place):
    held = runs.start(place.database, new(place))
    held.page("tasks", note, {"rows": 1})
    held.page("tasks", note, {"rows": 2})
    held.counts, held.progress = {"tasks": Counts(read=1)}, {"rows": 1}  # as if it came before these were set
    with pytest.raises(KeyboardInterrupt), held.kept():
        raise KeyboardInterrupt
    found = row(place, held.run.key)
    assert (found.status, found.progress, found.total().read) == ("queued", {"rows": 2}, 2)


def test_leaving_by_a_bug_ends_the_run_as_failed(place):
    held = runs.start(place.database, new(place))
    with pytest.raises(ZeroDivisionError), held.kept():
        raise ZeroDivisionError
    found = row(place, held.run.key)
    assert (found.status, found.error_code) == ("failed", "bug")


def test_two_processes_acquire_one_run_and_exactly_one_wins(place, url):
    for _ in range(3):
        key = create(place)
        takers = [
            subprocess.Popen(
                [sys.executable, "-c", TAKER, url, str(key)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(3)
        ]
        assert [taker.stdout.readline() for taker in takers] == ["ready\n"] * 3
        for taker in takers:
            taker.stdin.write("\n")
            taker.stdin.flush()
        assert sorted(taker.stdout.readline() for taker in takers) == ["lost\n", "lost\n", "won\n"]
        for taker in takers:
            taker.communicate("\n")
        assert row(place, key).fence == 1
        held = runs.acquire(place.database, key)
        held.finish("done")


def test_a_process_is_dead_only_where_that_is_certain():
    assert not is_dead(this_process())
    assert not is_dead("")
    assert not is_dead("another machine/1/5")
    machine, pid, begin = this_process().split("/", 2)
    assert is_dead(f"{machine}/{pid}/{int(begin) + 1}")
    assert not is_dead(f"{machine}/not a number/{begin}")


def test_runs_of_another_workspace_are_not_found(place):
    held = runs.start(place.database, new(place))
    with pytest.raises(PersonMustFix, match="no run"):
        runs.cancel(place.database, place.workspace + 1, held.run.id)


def test_the_newest_runs_are_listed_first(place):
    keys = [create(place) for _ in range(3)]
    with place.database.read() as tx:
        assert [one.key for one in rows.latest(tx, place.workspace, 2)] == [keys[2], keys[1]]


def test_a_database_can_be_opened_twice_in_a_process(place, url):
    with Database(url) as second:
        held = runs.start(second, new(place))
    assert row(place, held.run.key).status == "running"
