import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.vault.cipher import NotAuthentic, Place, seal, unseal

KEY = bytes(range(32))
PLACE = Place("1", "credentials", "7", "sealed")


@given(plain=st.binary(max_size=200))
def test_what_is_sealed_opens_at_its_place(plain: bytes):
    sealed = seal(KEY, plain, PLACE.context())
    assert unseal(KEY, sealed, PLACE.context()) == plain
    assert len(sealed) == len(plain) + 29


@pytest.mark.parametrize(
    "other",
    [
        Place("2", "credentials", "7", "sealed"),
        Place("1", "app_registrations", "7", "sealed"),
        Place("1", "credentials", "8", "sealed"),
        Place("1", "credentials", "7", "other"),
        Place("1c", "redentials", "7", "sealed"),
    ],
)
def test_a_copy_in_another_place_does_not_open(other: Place):
    with pytest.raises(NotAuthentic):
        unseal(KEY, seal(KEY, b"secret", PLACE.context()), other.context())


@given(at=st.integers(0, 34), flip=st.integers(1, 255))
def test_no_changed_byte_goes_unseen(at: int, flip: int):
    sealed = bytearray(seal(KEY, b"secret", PLACE.context()))
    sealed[at] ^= flip
    with pytest.raises(NotAuthentic):
        unseal(KEY, bytes(sealed), PLACE.context())


@pytest.mark.parametrize("broken", [b"", b"\x01", b"\x01" * 28, b"\x02" + b"\x00" * 60])
def test_what_is_no_envelope_is_refused(broken: bytes):
    with pytest.raises(NotAuthentic):
        unseal(KEY, broken, PLACE.context())


def test_the_same_secret_never_looks_the_same_twice():
    assert len({seal(KEY, b"secret", b"") for _ in range(100)}) == 100


@given(a=st.tuples(*[st.text(max_size=4)] * 4), b=st.tuples(*[st.text(max_size=4)] * 4))
def test_no_two_places_share_a_context(a: tuple[str, str, str, str], b: tuple[str, str, str, str]):
    assert (Place(*a).context() == Place(*b).context()) == (a == b)
