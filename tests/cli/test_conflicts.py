"""What both sides edited differently: settled by policies that a person names, or by their own word."""

from tests.lists_standin import item


def test_a_policy_decides_and_the_other_value_can_be_used_after_all(attached):
    run, one, two = attached
    assert run("collections", "policy", "Errands").out.split() == [
        "field", "mode", "sources", "deletion", "(all)", "(as", "usual)"
    ]  # fmt: skip
    found = run("collections", "policy", "Errands", "--mode", "source", "--sources", "one,hub", "--json").json()
    assert found["default"] == {"mode": "source", "sources": ["one", "hub"], "deletion": "keep"}
    milk = item(run, "Milk")
    one.hold(0, "Oat milk")
    run("items", "edit", milk, "--set", "title=Soy milk")
    assert run("sync").code == 0
    assert "Oat milk" in two.titles()
    assert run("conflicts", "list", "--json").json() == []
    shown = run("items", "history", milk)
    assert "Soy milk" in shown.out
    [entry] = [one for one in run("items", "history", milk, "--json").json() if one["choices"]]
    assert (entry["choices"][0]["field"], entry["choices"][0]["winner"]) == ("title", "one")
    assert run("items", "revert", entry["id"], "--field", "notes").code == 2
    assert run("items", "revert", entry["id"], "--field", "title").code == 0
    assert run("sync").code == 0
    assert "Soy milk" in one.titles()
    assert one.titles() == two.titles()


def test_policies_are_said_by_field_and_integration_and_taken_back(attached):
    run, *_ = attached
    found = run("collections", "policy", "Errands", "--field", "due", "--mode", "latest", "--json").json()
    assert list(found["fields"]) == ["when"]
    assert run("collections", "policy", "Errands", "--deletion", "ask", "--json").json()["default"]["deletion"] == "ask"
    found = run("collections", "policy", "Errands", "--field", "start", "--reset", "--json").json()
    assert (found["fields"], found["default"]["deletion"]) == ({}, "ask")
    assert run("integrations", "policy", "one", "--mode", "manual", "--json").json()["default"]["mode"] == "manual"
    assert "manual" in run("integrations", "policy", "one").out
    assert run("integrations", "policy", "one", "--reset", "--json").json()["default"] is None
    for words, why in (
        (("--mode", "source"), "needs --sources"),
        (("--mode", "latest", "--sources", "one"), "--sources goes with --mode source"),
        (("--sources", "three"), "no integration 'three'"),
        (("--field", "title", "--deletion", "ask"), "without --field"),
        (("--field", "colour", "--mode", "latest"), "no field 'colour'"),
    ):
        wrong = run("collections", "policy", "Errands", *words)
        assert (wrong.code, why in wrong.err) == (2, True), wrong.err


def test_conflicts_are_settled_by_item_all_at_once_and_with_ones_own_value(attached):
    run, one, _ = attached
    milk, bread, eggs = (item(run, title) for title in ("Milk", "Bread", "Eggs"))
    for number, title in enumerate(["Milk", "Bread", "Eggs"]):
        one.hold(number, f"{title} there", text=f"{title} text there", level=9)
    for public in (milk, bread, eggs):
        run("items", "edit", public, "--set", "title=here", "--set", "priority=1")
    assert run("sync", "one").code == 0
    open_ = run("conflicts", "list", "--json").json()
    assert sorted(one["field"] for one in open_) == ["priority"] * 3 + ["title"] * 3
    assert len(run("conflicts", "list", "--limit", "2", "--json").json()) == 2

    assert "Say what it is to be" in run("conflicts", "resolve", milk).err
    assert "in place of --use" in run("conflicts", "resolve", milk, "--use", "hub", "--value", "x").err
    assert "takes a whole number" in run("conflicts", "resolve", milk, "--field", "priority", "--value", "high").err
    assert run("conflicts", "resolve", milk, "--all", "--use", "hub").code == 2
    assert run("conflicts", "resolve", "--use", "hub").code == 2
    assert run("conflicts", "resolve", "--all", "--value", "x").code == 2
    assert (
        len(run("conflicts", "resolve", milk, "--field", "priority", "--value", "5", "--json").json()["resolved"]) == 1
    )
    assert run("conflicts", "resolve", milk, "--value", "Milk own").code == 0
    assert len(run("conflicts", "resolve", bread, "--use", "hub", "--json").json()["resolved"]) == 2
    done = run("conflicts", "resolve", "--all", "--field", "title", "--use", "remote", "--json").json()
    assert len(done["resolved"]) == 1
    assert run("conflicts", "resolve", "--all", "--use", "base").code == 0
    assert run("conflicts", "list").err.strip() == "There are no open conflicts."
    assert "has no open conflict" in run("conflicts", "resolve", milk, "--use", "hub").err
    assert "settled already" in run("conflicts", "resolve", open_[0]["id"], "--use", "hub").err

    assert run("sync").code == 0
    levels = {str(each["title"]): each["level"] for each in one.tasks.records.values()}
    assert levels == {"Milk own": 5, "here": 1, "Eggs there": None}


def test_a_conflict_about_a_whole_record_takes_a_side(attached):
    run, one, two = attached
    run("collections", "policy", "Errands", "--deletion", "ask")
    milk = item(run, "Milk")
    run("items", "edit", milk, "--set", "title=Oat milk")
    del one.tasks.records["r00000"]
    assert run("sync", "one").code == 0
    [conflict] = run("conflicts", "list", "--json").json()
    shown = run("conflicts", "show", conflict["id"], "--json").json()
    assert (shown["field"], shown["remote"], shown["hub"]["title"]) == ("", None, "Oat milk")
    assert "(the record)" in run("conflicts", "list").out
    assert "--use hub or --use remote" in run("conflicts", "resolve", conflict["id"], "--use", "base").err
    left = run("conflicts", "resolve", "--all", "--use", "merged")
    assert (left.code, "stays open" in left.out) == (3, True)
    assert run("conflicts", "resolve", conflict["id"], "--use", "hub").code == 0
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs", "Oat milk"]
