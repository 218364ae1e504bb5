"""A secret can be used and nothing else."""

import json
import logging
import pickle
import traceback

import msgspec
import pytest

from entrepot.core.secret import Secret

PLANTED = "hunter2-planted"


def test_no_way_of_showing_a_secret_shows_it(caplog):
    secret = Secret(PLANTED)
    with caplog.at_level(logging.INFO):
        logging.getLogger("entrepot").info("connected with %s %r", secret, {"token": secret})
    shown = [str(secret), repr(secret), f"{secret:>40}", repr([secret]), caplog.text]
    assert not any(PLANTED in text for text in shown)


def test_a_traceback_that_holds_a_secret_does_not_tell_it():
    def fail(secret: Secret) -> None:
        raise ValueError(f"cannot use {secret}")

    with pytest.raises(ValueError, match="cannot use") as failure:
        fail(Secret(PLANTED))
    assert PLANTED not in "".join(traceback.format_exception(failure.value))


@pytest.mark.parametrize("serialise", [pickle.dumps, json.dumps, msgspec.json.encode])
def test_a_secret_is_not_serialised(serialise):
    with pytest.raises(TypeError):
        serialise(Secret(PLANTED))


def test_secrets_compare_by_value_and_reveal_it_only_when_asked():
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")
    assert Secret("a").map(str.upper).reveal() == "A"
