"""Content lines: folding, escaping, parameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrepot.core.errors import RecordRefused
from entrepot.protocols.component import components
from entrepot.protocols.content_line import Line, escaped, folded, lines, listed, structured, taken_apart, unescaped

TEXT = st.text(st.characters(exclude_characters="\r", exclude_categories=["Cs"]), max_size=200)


@given(TEXT)
def test_escaping_and_back_gives_the_same_text(text: str):
    assert unescaped(escaped(text)) == text


@given(st.lists(TEXT.filter(bool), min_size=1, max_size=5))
def test_a_list_of_texts_is_split_where_it_was_joined(texts: list[str]):
    assert listed(",".join(escaped(text) for text in texts)) == texts


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=400))
def test_folding_keeps_to_75_octets_and_unfolds_to_the_same_value(text: str):
    written = folded(f"NOTE:{text}")
    assert all(len(line.encode()) <= 75 for line in written.split("\r\n"))
    assert [line.value for line in lines(written.encode())] == [text]


def test_a_fold_inside_a_utf8_character_is_healed():
    whole = "SUMMARY:Käse".encode()
    at = whole.index(b"\xc3") + 1
    assert [line.value for line in lines(whole[:at] + b"\r\n " + whole[at:])] == ["Käse"]


@pytest.mark.parametrize("ends", ["\r\n", "\n"])
def test_both_line_ends_and_tabs_as_folds_are_read(ends: str):
    assert [line.value for line in lines(f"A:1{ends}\t2{ends}B:3{ends}".encode())] == ["12", "3"]


def test_parameters_are_taken_apart_with_quotes_lists_and_carets():
    line = taken_apart('item1.attendee;cn="A: B; C, D";X-L=a,"b,c";x-q=^\'hi^\'^n^^:mailto:a@example.org')
    assert (line.group, line.name, line.value) == ("item1", "ATTENDEE", "mailto:a@example.org")
    assert line.parameters == {"CN": ["A: B; C, D"], "X-L": ["a", "b,c"], "X-Q": ['"hi"\n^']}
    again = taken_apart(Line(line.name, line.value, line.parameters, line.group).written())
    assert again.parameters == line.parameters


def test_what_is_no_line_is_kept_as_it_is():
    line = taken_apart("no colon here")
    assert (line.name, line.written()) == ("", "no colon here")


def test_structured_values_keep_escaped_semicolons_and_empty_ends():
    assert structured("a\\;b;;c;") == ["a\\;b", "", "c", ""]


def test_other_charsets_are_read_as_what_they_most_likely_are():
    assert [line.value for line in lines("A:Käse".encode("cp1252"))] == ["Käse"]
    assert [line.value for line in lines("A:Käse\r\n".encode("utf-16"))] == ["Käse"]
    assert [line.value for line in lines(b"\xef\xbb\xbfA:K\xc3\xa4se")] == ["Käse"]


@pytest.mark.parametrize(
    "text",
    ["BEGIN:VEVENT\nSUMMARY:x\n", "END:VEVENT\n", "BEGIN:A\nBEGIN:B\nEND:A\nEND:B\n", "BEGIN:A\n" * 40],
)
def test_broken_nesting_is_refused(text: str):
    with pytest.raises(RecordRefused):
        components(text.encode())
