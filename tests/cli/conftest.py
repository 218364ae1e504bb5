import pytest
from tests.lists_standin import open_pair


@pytest.fixture
def pair(tmp_path):
    with open_pair(tmp_path) as opened:
        yield opened


@pytest.fixture
def attached(pair):
    """`Errands`, with the inbox of each in it, agreed on three tasks."""
    run, one, two = pair
    for number, title in enumerate(["Milk", "Bread", "Eggs"]):
        one.hold(number, title)
    assert run("collections", "new", "Errands", "--kind", "task").code == 0
    for name in ("one", "two"):
        done = run("collections", "attach", "Errands", name, "Inbox", "--direction", "two_way")
        assert done.code == 0, done.err
    assert run("sync").code == 0
    assert one.titles() == two.titles() == ["Bread", "Eggs", "Milk"]
    one.written.clear()
    two.written.clear()
    return pair
