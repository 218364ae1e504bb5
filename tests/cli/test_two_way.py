"""Two services, one collection, and a person at the terminal: every command of two-way sync as it is called."""

from tests.lists_standin import item, record


def test_a_persons_story(pair):
    run, one, two = pair
    for number, title in enumerate(["Milk", "Bread", "Eggs"]):
        one.hold(number, title)
    for number, title in enumerate(["Milk", "Tea"]):
        two.hold(100 + number, title)
    assert [report["integration"] for report in run("sync", "--json").json()] == ["one", "two"]

    attach_both(pair)
    add_and_edit(pair)
    disagree(pair)
    undo_and_restore(pair)
    detach(pair)


def attach_both(pair):
    """It is told what goes together, and what would be done, before anything is written."""
    run, one, two = pair
    assert "Errands" in run("collections", "new", "Errands", "--kind", "task").out
    words = ("collections", "attach", "Errands", "two", "Inbox", "--direction", "two_way")
    assert run("collections", "attach", "Errands", "one", "Inbox", "--direction", "two_way").code == 0
    tried = run(*words, "--dry-run", "--json").json()
    assert (tried["kept"], tried["matched"]["by"]) == (False, {"fingerprint": 1})
    assert (tried["matched"]["only_here"], tried["matched"]["only_there"]) == (2, 1)
    assert "fingerprint" in run(*words).out
    assert (one.written, two.written) == ([], [])
    plan = run("sync", "two", "--dry-run", "--json").json()
    assert (plan["by_action"], plan["stop"], two.written) == ({"adopt": 1, "create there": 2}, None, [])
    assert {step["title"] for step in plan["steps"]} == {"Milk", "Bread", "Eggs"}
    assert "create there" in run("sync", "two", "--dry-run").out
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs", "Milk", "Tea"]


def add_and_edit(pair):
    """A new item goes to both, and an edit follows it."""
    run, one, two = pair
    made = run("items", "add", "--collection", "Errands", "--set", "title=Jam", "--set", "description=Red", "--json")
    jam = made.json()["item"]["id"]
    assert (made.json()["goes_to"], made.json()["item"]["source"]["platform"]) == (["one", "two"], "hub")
    assert run("sync").code == 0
    assert "Jam" in one.titles()
    assert "will hear of it" in run("items", "edit", jam, "--set", "description=").err
    assert "like that already" in run("items", "edit", jam, "--set", "description=").out
    assert run("sync").code == 0
    assert {str(shop.tasks.records[f"r{record(shop, 'Jam'):05d}"]["text"]) for shop in (one, two)} == {""}


def disagree(pair):
    """Edited differently on both sides: a conflict, with both values, and the person decides."""
    run, one, two = pair
    jam = item(run, "Jam")
    one.hold(record(one, "Jam"), "Plum jam")
    run("items", "edit", jam, "--set", "title=Cherry jam")
    assert run("sync").code == 0
    [conflict] = run("conflicts", "list", "--json").json()
    shown = run("conflicts", "show", conflict["id"], "--json").json()
    assert (shown["base"], shown["hub"], shown["remote"]) == ("Jam", "Cherry jam", "Plum jam")
    assert (shown["by_hub"]["by"], shown["by_remote"]["by"]) == ("hub", "one")
    assert shown["by_remote"]["at"]
    assert "1 conflict to settle" in run("doctor").out
    assert "Plum jam" in run("conflicts", "show", conflict["id"]).out
    assert run("conflicts", "resolve", conflict["id"], "--use", "remote").code == 0
    assert run("sync").code == 0
    assert "Plum jam" in one.titles()
    assert one.titles() == two.titles()


def undo_and_restore(pair):
    """What was done is told, and taken back on both sides; deleted everywhere, and back everywhere."""
    run, one, two = pair
    jam = item(run, "Plum jam")
    entries = run("items", "history", jam, "--json").json()
    assert [entry["action"] for entry in entries][-1] == "create"
    [settled] = [entry for entry in entries if entry["words"] == "was settled by a person"]
    assert settled["fields"] == ["title"]
    assert run("items", "undo", settled["id"]).code == 0
    assert "undone already" in run("items", "undo", settled["id"]).err
    assert run("sync").code == 0
    assert "Cherry jam" in one.titles()
    assert one.titles() == two.titles()
    assert "(undone)" in run("items", "history", jam).out

    run("items", "delete", jam)
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs", "Milk", "Tea"]
    run("items", "restore", jam)
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Cherry jam", "Eggs", "Milk", "Tea"]


def detach(pair):
    """Left alone, all stays as it is; detached, one side goes its own way."""
    run, one, two = pair
    jam = item(run, "Cherry jam")
    one.written.clear()
    two.written.clear()
    reports = run("sync", "--json").json()
    assert [(report["status"], report["counts"]["sent"]) for report in reports] == [("done", 0), ("done", 0)]
    assert (one.written, two.written) == ([], [])
    assert run("collections", "detach", "Errands", "two", "Inbox").code == 0
    run("items", "delete", jam)
    assert run("sync").code == 0
    assert ("Cherry jam" in one.titles(), "Cherry jam" in two.titles()) == (False, True)
    assert "detached" in run("collections", "list").out


def test_what_goes_together_shows_in_the_plan_where_nothing_was_read_before(attached):
    run, one, two = attached
    two.lists[1]["open"] = True
    one.hold(50, "Rent")
    two.hold(60, "Rent", list="shared")
    assert run("sync", "one").code == 0
    run("collections", "detach", "Errands", "two", "Inbox")
    done = run("collections", "attach", "Errands", "two", "Shared", "--direction", "two_way")
    assert "entrepot sync two" in done.err
    plan = run("sync", "two", "--dry-run", "--json").json()
    assert plan["by_action"] == {"adopt": 1, "create there": 3}
    assert run("sync", "two").code == 0
    assert two.titles("shared") == one.titles() == ["Bread", "Eggs", "Milk", "Rent"]


def test_a_brake_names_the_plan_and_the_way_to_confirm_and_a_person_may_do_either(attached):
    run, one, two = attached
    for number in range(20, 35):
        one.hold(number, f"Thing {number}")
    assert run("sync").code == 0
    for number in range(20, 35):
        run("items", "delete", item(run, f"Thing {number}"))
    stopped = run("sync", "one")
    [newest, *_] = run("runs", "list", "--json").json()
    assert stopped.code == 5
    assert "entrepot sync one --dry-run" in stopped.err
    assert f"entrepot sync one --confirm {newest['run']}" in stopped.err
    plan = run("sync", "one", "--dry-run", "--json")
    assert (plan.code, plan.json()["by_action"]) == (5, {"delete there": 15})
    assert "were deleted in the hub" in plan.json()["stop"]
    assert "A brake would stop it" in run("sync", "one", "--dry-run").out
    assert len(one.titles()) == 18
    assert run("sync", "one", "--confirm", newest["run"], "--dry-run").code == 0
    assert run("sync", "one", "--confirm", newest["run"]).code == 0
    assert (one.titles(), len(two.titles())) == (["Bread", "Eggs", "Milk"], 18)


def test_a_stopped_run_that_is_discarded_asks_the_service_anew(attached):
    run, one, two = attached
    there = dict(one.tasks.records)
    one.tasks.records.clear()
    stopped = run("sync", "one", "--json")
    assert (stopped.code, stopped.json()["status"]) == (5, "stopped")
    one.tasks.records.update(there)
    done = run("runs", "discard", stopped.json()["run"], "--json").json()
    assert done["integration"] == "one"
    assert run("runs", "discard", stopped.json()["run"]).code == 2
    assert run("sync", "one", "--confirm", stopped.json()["run"]).code == 2
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs", "Milk"]
    assert run("items", "list", "--json").json().__len__() == 3


def test_a_run_is_undone_on_both_sides_but_for_what_was_edited_since(attached):
    run, one, two = attached
    for number, title in enumerate(["Milk", "Bread", "Eggs"]):
        one.hold(number, f"{title} 2")
    report = run("sync", "one", "--json").json()
    run("sync")
    assert two.titles() == ["Bread 2", "Eggs 2", "Milk 2"]
    run("items", "edit", item(run, "Eggs 2"), "--set", "title=Eggs 3")
    tried = run("runs", "undo", report["run"], "--dry-run", "--json").json()
    assert (tried["kept"], tried["undone"], tried["left"], len(tried["changes"])) == (False, 2, 1, 2)
    assert "2 changes would be undone, 1 stay" in run("runs", "undo", report["run"], "--dry-run").out
    assert item(run, "Milk 2")
    done = run("runs", "undo", report["run"])
    assert (done.code, "2 changes were undone, 1 stay" in done.out) == (0, True)
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs 3", "Milk"]
    assert run("runs", "undo", report["run"], "--json").json()["undone"] == 0


def test_a_run_that_only_mirrored_has_nothing_to_undo(pair):
    run, one, _ = pair
    one.hold(1, "Milk")
    report = run("sync", "one", "--json").json()
    refused = run("runs", "undo", report["run"])
    assert (refused.code, "only mirrored follows its service" in refused.err) == (2, True)


def test_items_move_between_collections_of_one_kind(attached):
    run, one, _ = attached
    one.lists[1]["open"] = True
    run("collections", "new", "Later", "--kind", "task")
    run("collections", "new", "Diary", "--kind", "event")
    run("collections", "attach", "Later", "one", "Shared", "--direction", "two_way")
    milk = item(run, "Milk")
    assert run("items", "move", milk, "Diary").code == 2
    assert run("items", "move", milk, "Later").code == 0
    assert run("sync").code == 0
    assert (one.titles(), one.titles("shared")) == (["Bread", "Eggs"], ["Milk"])
    assert "like that already" in run("items", "move", milk, "Later").out


def test_what_cannot_be_done_to_items_is_said(attached):
    run, *_ = attached
    milk = item(run, "Milk")
    run("items", "delete", milk)
    for words, why in (
        (("edit", milk, "--set", "title=x"), f"entrepot items restore {milk}"),
        (("move", milk, "Errands"), f"entrepot items restore {milk}"),
        (("edit", item(run, "Bread")), "give --set"),
        (("edit", "itm_none", "--set", "title=x"), "no item 'itm_none'"),
        (("add", "--set", "title=x"), "--kind"),
        (("add", "--kind", "chore"), "no kind 'chore'"),
        (("add", "--kind", "event", "--collection", "Errands"), "it holds tasks"),
        (("add", "--kind", "workout", "--set", "sport=running"), "A workout needs start: --set start=…"),
        (("undo", "jrn_none"), "no entry 'jrn_none'"),
        (("history", "itm_none"), "no item 'itm_none'"),
    ):
        wrong = run("items", *words)
        assert (wrong.code, why in wrong.err) == (2, True), (words, wrong.err)
    assert "like that already" in run("items", "delete", milk).out
    assert run("items", "list", "--deleted", "--collection", "Errands", "--json").json().__len__() == 3


def test_what_is_made_in_the_hub_alone_is_listed_under_the_hub(pair, tmp_path):
    run, *_ = pair
    assert run("items", "add", "--kind", "note", "--set", "title=Mine").code == 0
    [note] = run("items", "list", "--source", "hub", "--json").json()
    assert note["source"] == {"platform": "hub", "integration": "hub", "object_id": note["id"]}
    assert run("items", "list", "--source", "one", "--json").json() == []
    file = tmp_path / "notes.csv"
    assert run("items", "export", "--kind", "note", "--format", "csv", "--to", str(file)).code == 0
    assert ",hub,hub," in file.read_text()
    wrong = run("connect", "lists", "--name", "Hub", "--secret", "access_token=x")
    assert wrong.code != 0


def test_what_a_service_refuses_waits_and_the_doctor_says_why(attached):
    run, one, two = attached
    two.refuses = {"Gin"}
    run("items", "add", "--collection", "Errands", "--set", "title=Gin")
    done = run("sync")
    assert done.code == 3
    assert "Gin" in one.titles()
    [errands] = [each for each in run("collections", "list", "--json").json() if each["name"] == "Errands"]
    assert [each["standing"]["set_aside"] for each in errands["attachments"]] == [0, 1]
    assert "1 write set aside until the item is edited" in run("doctor").out
    run("items", "edit", item(run, "Gin"), "--set", "title=Juice")
    assert run("sync").code == 0
    assert "Juice" in two.titles()
    [sync] = [each for each in run("doctor", "--json").json() if each["what"] == "sync"]
    assert sync["state"] == "ok"


def test_syncing_everything_goes_on_past_one_that_fails(attached):
    run, one, two = attached
    one.token = "another"
    two.hold(900, "Tea")
    done = run("sync", "--json")
    assert {report["integration"]: report["status"] for report in done.json()} == {"one": "failed", "two": "done"}
    assert done.code == 4
    assert run("sync", "--confirm", "run_1").code == 2
    assert run("sync", "--stream", "tasks").code == 2
    plans = run("sync", "--dry-run", "--json")
    assert [plan["integration"] for plan in plans.json()] == ["one", "two"]
    assert (plans.code, plans.json()[0]["error"]["code"]) == (4, "needs-consent")


def test_runs_are_steered_only_while_they_are_open(attached):
    run, *_ = attached
    [newest, *_] = run("runs", "list", "--json").json()
    for verb in ("pause", "resume", "cancel"):
        wrong = run("runs", verb, newest["run"])
        assert (wrong.code, "has ended (done)" in wrong.err) == (2, True)
        assert run("runs", verb, "run_none").code == 2
    assert run("runs", "discard", newest["run"]).code == 2
    assert run("runs", "undo", "run_none").code == 2
