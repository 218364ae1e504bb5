import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from entrepot.core.errors import PersonMustFix
from entrepot.protocols import archive_json_window
from entrepot.protocols.archive import open_archive
from entrepot.protocols.archive_json import records
from entrepot.sdk.archive import Entry

TRICKY = [{"s": 'a " } ] , { \\ b', "n": [{"a": 1}, {"b": [[], {}]}], "t": "},{"}, {}, {"s": "Ünï\u2028"}]


def entry_of(tmp_path: Path, text: str | bytes) -> Entry:
    path = tmp_path / "x.json"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return next(open_archive(path).entries())


def read(tmp_path: Path, text: str | bytes, path: str = "", after: bytes = b"") -> list[object]:
    return [json.loads(raw) for raw in records(entry_of(tmp_path, text), path, after=after)]


@pytest.fixture(params=[50, 1 << 20])
def chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test here holds however the file falls into pieces."""
    monkeypatch.setattr(archive_json_window, "_CHUNK", request.param)


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("indent", [None, 0, 2, "\t"])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" , ", " : ")])
def test_arrays_are_cut_into_their_records(
    tmp_path: Path, indent: int | str | None, separators: tuple[str, str]
) -> None:
    rows = TRICKY * 20
    text = json.dumps(rows, indent=indent, separators=separators)
    assert read(tmp_path, text) == rows
    assert read(tmp_path, " \ufeff"[1:] + text + "\n") == rows
    wrapped = json.dumps(
        {"x": {"data": [9]}, "s": "data", "data": {"rows": rows, "end": 1}, "more": [1]}, indent=indent
    )
    assert read(tmp_path, wrapped, "data.rows") == rows
    assert read(tmp_path, f"window.YTD.x.part0 = {text};", after=b"=") == rows


@pytest.mark.usefixtures("chunk")
def test_json_lines_and_one_object(tmp_path: Path) -> None:
    assert read(tmp_path, "\n".join(map(json.dumps, TRICKY)) + "\n\n") == TRICKY
    assert read(tmp_path, "\r\n".join(map(json.dumps, TRICKY))) == TRICKY
    assert read(tmp_path, json.dumps(TRICKY[0], indent=2)) == TRICKY[:1]


@pytest.mark.usefixtures("chunk")
def test_arrays_of_other_things_and_empty_ones(tmp_path: Path) -> None:
    assert read(tmp_path, "[]") == []
    assert read(tmp_path, ' {"a": [ ] , "b": [1]}', "a") == []
    assert read(tmp_path, '[1, "two", null, [3], {"four": 4}, 5]') == [1, "two", None, [3], {"four": 4}, 5]
    assert read(tmp_path, "[[1, 2], [3]]") == [[1, 2], [3]]


@pytest.mark.usefixtures("chunk")
def test_a_path_that_is_not_there_gives_nothing(tmp_path: Path) -> None:
    text = '{"a": {"b": 1, "c": {"rows": [1]}}, "rows": {"x": 1}}'
    for path in ("missing", "a.b", "a.rows", "rows", "rows.x", "a.c"):
        assert read(tmp_path, text, path) == []
    assert read(tmp_path, text, "a.c.rows") == [1]


def test_utf16_is_read_as_well(tmp_path: Path) -> None:
    assert read(tmp_path, json.dumps(TRICKY, ensure_ascii=False).encode("utf-16")) == TRICKY


@pytest.mark.usefixtures("chunk")
def test_a_broken_record_is_handed_over_and_the_others_too(tmp_path: Path) -> None:
    got = list(records(entry_of(tmp_path, '[{"a": 1}, {"a": tru}, {"a": NaN}, {"a": "\x01"}, {"a": 2}]')))
    assert got[0] == b'{"a": 1}'
    assert got[1:] == [b'{"a": tru}', b'{"a": NaN}', b'{"a": "\x01"}', b'{"a": 2}']


@pytest.mark.usefixtures("chunk")
@pytest.mark.parametrize("text", ['[{"a": 1}, {"a": ', '[{"a": 1},', '[{"a": "x', "[", '[{"a": 1}}]', '[{"a": 1}'])
def test_a_file_that_ends_too_early_says_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(PersonMustFix, match="broken or ends too early"):
        list(records(entry_of(tmp_path, text)))


def test_what_is_not_json_says_so(tmp_path: Path) -> None:
    with pytest.raises(PersonMustFix, match="not JSON"):
        list(records(entry_of(tmp_path, "<html>")))
    with pytest.raises(PersonMustFix, match="there is no '='"):
        list(records(entry_of(tmp_path, "[1]"), after=b"="))
    assert list(records(entry_of(tmp_path, "  \n"))) == []


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PersonMustFix, match="nested"):
        list(records(entry_of(tmp_path, "[" * 100_000)))


def test_a_record_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive_json_window, "LARGEST_RECORD", 1000)
    monkeypatch.setattr(archive_json_window, "_CHUNK", 100)
    with pytest.raises(PersonMustFix, match="record of more than"):
        list(records(entry_of(tmp_path, '[{"a": "' + "x" * 5000)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(JSON, max_size=12), indent=st.sampled_from([None, 1]), size=st.integers(8, 64))
def test_any_array_comes_out_as_it_went_in(
    tmp_path_factory: pytest.TempPathFactory, rows: list[object], indent: int | None, size: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive_json_window, "_CHUNK", size)
        assert read(folder, json.dumps(rows, indent=indent, ensure_ascii=bool(indent))) == rows
        assert read(folder, json.dumps({"k": {"rows": rows}}, indent=indent), "k.rows") == rows


def test_records_of_very_different_length_come_through(tmp_path: Path) -> None:
    chance = random.Random(1)
    rows = [{"id": n, "text": "x" * int(10 ** chance.uniform(0, 6))} for n in range(100)]
    assert read(tmp_path, json.dumps(rows)) == rows
