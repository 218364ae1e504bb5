import json
import pickle
from base64 import b64encode, urlsafe_b64encode

import msgspec
import pytest

from entrepot.core.errors import PersonMustFix
from entrepot.core.secret import Secret
from entrepot.vault.masterkey import MasterKey, read_keyring

RAW = bytes(range(200, 232))


def test_a_key_is_read_from_any_spelling_of_base64():
    spellings = [b64encode(RAW), b64encode(RAW).rstrip(b"="), urlsafe_b64encode(RAW), b" " + b64encode(RAW) + b"\r\n"]
    assert len({read_keyring(Secret(text.decode()), "a test").current.id for text in spellings}) == 1


def test_the_first_key_is_current_and_the_others_still_open():
    new, old = MasterKey.fresh(), MasterKey.fresh()
    ring = read_keyring(Secret(f"{new.text().reveal()},{old.text().reveal()}"), "a test")
    assert ring.current.id == new.id
    found = ring.find(old.id)
    assert found is not None
    assert found.unwrap(old.wrap(b"data key", b""), b"") == b"data key"
    assert ring.find("nobody") is None


@pytest.mark.parametrize(
    "text", ["", "  \n", "tiny", b64encode(RAW[:31]).decode(), b64encode(RAW + b"x").decode(), "ä" * 44, "*" * 44]
)
def test_what_is_no_key_is_explained_without_being_shown(text: str):
    with pytest.raises(PersonMustFix) as caught:
        read_keyring(Secret(text), "ENTREPOT_KEY")
    assert "ENTREPOT_KEY" in caught.value.message
    assert not text.strip() or text not in caught.value.message + caught.value.detail


def test_a_master_key_is_neither_shown_nor_serialised():
    key = MasterKey(RAW)
    ring = read_keyring(key.text(), "a test")
    for shown in (repr(key), str(key), repr(ring), f"{key}"):
        assert key.text().reveal() not in shown
        assert RAW.hex() not in shown
    for write in (pickle.dumps, json.dumps, msgspec.json.encode):
        with pytest.raises(TypeError):
            write(key)
