"""What a command proposes to type next is typed by people as it stands: a name in it is one word to the shell."""

import shlex
from functools import partial

import pytest
from tests.journeys.inside import call


@pytest.mark.parametrize("name", ["$(id)", "a;id", "it's;id", "`id`", "a b", "-x"])
def test_a_name_is_one_word_to_the_shell(tmp_path, name):
    made = partial(call, tmp_path / "hub")("collections", "new", "--kind", "task", "--", name)
    (hint,) = [line for line in made.err.splitlines() if "attach" in line]
    assert shlex.split(hint.partition("entrepot ")[2])[2] == name
