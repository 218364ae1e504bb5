import io
import json

import pytest
from rich.console import ConsoleDimensions

from entrepot.cli.outcome import as_json
from entrepot.cli.output import Output, readable
from entrepot.core.errors import PersonMustFix


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def narrow(monkeypatch):
    """An output of forty columns, and what it has printed."""
    monkeypatch.setenv("TERM", "dumb")
    out = Terminal()
    output = Output(json=False, out=out, err=io.StringIO())
    output.console.size = ConsoleDimensions(40, 25)
    return output, out


def test_what_a_service_wrote_cannot_steer_the_terminal(narrow):
    output, out = narrow
    bad = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202egnp.exe\u2066\u200f\u2028red [bold]no markup[/bold]"
    output.table(("title",), [(bad,)])
    output.say(bad)
    output.error(f"{bad} \udcff")
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\u200f", "\u2028"} & set(out.getvalue())
    assert "[bold]no" in out.getvalue()


def test_a_title_does_not_make_a_row_of_its_own(narrow):
    output, out = narrow
    output.table(("title",), [("one\ntwo",)])
    assert "one two" in out.getvalue()


def test_json_and_csv_on_a_terminal_say_what_would_steer_it_and_are_untouched_elsewhere():
    value = {"title": "\x1b[2J\x9b31m\u202e"}
    for out in (Terminal(), io.StringIO()):
        output = Output(json=True, out=out)
        output.value(value)
        assert json.loads(out.getvalue()) == value
        output.array([value])
        output.data.write('"\x1b[2J"\n')
    assert ("\x9b" in out.getvalue(), "\x1b" in out.getvalue()) == (True, True)
    terminal = Terminal()
    Output(json=True, out=terminal).data.write("\x1b\x9b\u202e\n")
    assert terminal.getvalue() == "\\u001b\\u009b\\u202e\n"


def test_a_narrow_terminal_folds_prose_and_nothing_else(narrow):
    output, out = narrow
    output.table(("id", "status", "title", "#read"), [("itm_0123456789", "done", "many words " * 5, 1234567)])
    text = out.getvalue()
    assert "itm_0123456789  done" in text
    assert "1234567" in text
    assert len(text.splitlines()) > 2
    output.say("after the table lines end where the terminal does, as before")
    assert max(map(len, out.getvalue().splitlines()[-2:])) <= 40


def test_into_a_pipe_a_row_is_a_line():
    out = io.StringIO()
    Output(json=False, out=out).table(("id", "title"), [("a", "word " * 300), ("b", "")])
    assert len(out.getvalue().splitlines()) == 3


def test_an_error_about_a_file_whose_name_is_no_text_can_be_printed_as_json():
    error = PersonMustFix("No importer recognises /tmp/\udcff.txt.")
    out = io.StringIO()
    Output(json=True, out=out).value(as_json(error))
    assert json.loads(out.getvalue())["error"]["message"] == "No importer recognises /tmp/?.txt."


def test_readable_text_keeps_letters_lines_and_emoji():
    assert readable("Zoë\n\t🎻 日本") == "Zoë\n\t🎻 日本"
