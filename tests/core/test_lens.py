"""Every lens: what was written reads the same, what was read is written as it was, and bad input is a LensError."""

import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from entrepot.core import lens_duration, lens_number, lens_text, lens_time, partial_date
from entrepot.core.lens import AS_IS, LensError, flip, reading, shown, then
from entrepot.core.lens_spec import build
from entrepot.core.lens_words import FORMS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=6,
)
INSTANTS = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis wants naive limits
DAYS = st.dates().map(str)
SHORT_NUMBERS = st.decimals(-(10**6), 10**6, places=4).map(float)
SECONDS = st.decimals(0, 10**7, places=3)
PARTIAL = ["1984", "1984-03", "1984-03-01", "-", "--03", "--03-01", "---01", "1984--09", "2000-02-29", "--02-29"]
VALUES = {
    "text": st.text(),
    "strip": st.text().map(str.strip),
    "unescape": st.text(),
    "list": st.lists(st.text()),
    "date": DAYS,
    "day": DAYS.map(lambda day: f"{day}T00:00:00"),
    "instant": INSTANTS,
    "compact": INSTANTS.map(lambda at: at.replace(microsecond=0)),
    "epoch": INSTANTS.map(lambda at: at.replace(microsecond=0)),
    "epoch_ms": INSTANTS.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    "epoch_us": INSTANTS,
    "epoch_text": INSTANTS.map(lambda at: at.replace(microsecond=0)),
    "epoch_ms_text": INSTANTS.map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)),
    "epoch_us_text": INSTANTS,
    "fuzzy": st.sampled_from([part for part in PARTIAL if part != "-"]),
    "fuzzy_number": st.sampled_from([part for part in PARTIAL if part != "-"]),
    "fuzzy_zeros": st.sampled_from([part for part in PARTIAL if part != "-"]),
    "fuzzy_prefix": st.sampled_from(["1984", "1984-03", "1984-03-01", "2000-02-29"]),
    "midnight": DAYS,
    "integer": st.integers(-(10**30), 10**30),
    "integer_text": st.integers(-(10**30), 10**30),
    "digits": st.integers(-(10**30), 10**30).map(str),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "number_text": st.floats(-1e50, 1e50).filter(lambda number: number == 0 or abs(number) > 1e-50),
    "decimal": st.decimals(-(10**9), 10**9, places=4),
    "decimal_text": st.decimals(-(10**20), 10**20, places=8),
    "decimal_comma": st.decimals(-(10**20), 10**20, places=8),
    "boolean_text": st.booleans(),
    "percent": SHORT_NUMBERS,
    "minutes": SECONDS.map(lambda seconds: int(seconds) * 60),
    "hours": SECONDS.map(lambda seconds: int(seconds) * 3600),
    "milliseconds": SHORT_NUMBERS,
    "e7": st.decimals(-180, 180, places=7).map(float),
    "iso_duration": SECONDS.map(lens_number.shortest),
    "duration": SECONDS.map(lens_duration.duration_of),
    "clock": SECONDS.map(lens_number.shortest),
    "amount": st.integers(1, 10**5).map(lambda minutes: lens_duration.duration_of(minutes * 60)),
    "unless_zero": st.integers().filter(bool),
}


def test_every_form_is_tested_or_says_why_it_cannot_go_back():
    for name, lens in FORMS.items():
        assert lens.one_way or name in VALUES, name


@pytest.mark.parametrize("name", sorted(VALUES))
def test_what_was_written_reads_the_same(name):
    lens = FORMS[name]

    @settings(deadline=None, max_examples=60)
    @given(VALUES[name])
    def check(value):
        native = lens.write(value)
        assert lens.read(native) == value or (value == "" and lens.read(native) in {None, ""})
        assert lens.write(lens.read(native)) == native

    check()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_whatever_a_service_sends_is_read_or_refused(name):
    lens = FORMS[name]

    @settings(deadline=None, max_examples=60)
    @given(JSON)
    def check(native):
        value = attempt(lens.read, native)
        written = attempt(lens.write, value) if value is not None and not lens.one_way else None
        if written is not None:
            assert lens.read(written) == value or _nearly(lens.read(written), value)

    check()


@pytest.mark.parametrize("name", sorted(FORMS))
def test_whatever_is_to_be_written_is_written_or_refused(name):
    lens = FORMS[name]

    @settings(deadline=None, max_examples=60)
    @given(JSON)
    def check(value):
        assume(value is not None)
        attempt(lens.write, value)

    check()


@pytest.mark.parametrize(
    ("lens", "native", "value"),
    [
        (lens_time.INSTANT, "2024-05-01T12:00:00+02:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        (lens_time.INSTANT, "2024-05-01T10:00:00.123456789Z", datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)),
        (lens_time.EPOCH_MS, "1714557600123", datetime(2024, 5, 1, 10, 0, 0, 123000, tzinfo=UTC)),
        (lens_time.EPOCH_S, 1714557600.5, datetime(2024, 5, 1, 10, 0, 0, 500000, tzinfo=UTC)),
        (lens_time.EPOCH_S, -1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (lens_time.COMPACT, "20240501T100000Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        (lens_time.DATE_OF_INSTANT, "2024-05-01T00:00:00+14:00", "2024-05-01"),
        (lens_time.DATE_OF_INSTANT, "2024-05-01 00:00:00", "2024-05-01"),
        (lens_number.DECIMAL_COMMA, "1.234.567,50", Decimal("1234567.50")),
        (lens_number.DECIMAL_COMMA, "-12,5", Decimal("-12.5")),
        (lens_number.DECIMAL_COMMA, "1\u202f234,5", Decimal("1234.5")),
        (lens_number.DECIMAL, 0.1, Decimal("0.1")),
        (lens_number.PERCENT, 55, 0.55),
        (lens_number.MINUTES, 1.5, 90),
        (lens_number.E7, 525200080, 52.520008),
        (lens_duration.ISO_DURATION, "P1WT2H", 612_000),
        (lens_duration.ISO_DURATION, "PT0,5S", 0.5),
        (lens_duration.DURATION, 5400, "PT1H30M"),
        (lens_duration.DURATION, 86_400, "P1D"),
        (lens_duration.DURATION, 0, "PT0S"),
        (lens_duration.CLOCK, "1:02:03", 3723),
        (lens_duration.CLOCK, "75:00", 4500),
        (lens_text.UNESCAPE, "a &amp; b", "a & b"),
        (partial_date.FUZZY, {"year": 1984, "month": 3, "day": None}, "1984-03"),
        (partial_date.FUZZY, {"year": None, "month": None, "day": None}, None),
        (partial_date.FUZZY_NUMBER, 20240500, "2024-05"),
        (partial_date.FUZZY_ZEROS, "0000-00-00", None),
        (partial_date.FUZZY_ZEROS, "2024-00-00", "2024"),
    ],
)
def test_forms_read_as_services_write_them(lens, native, value):
    assert lens.read(native) == value


@pytest.mark.parametrize(
    ("lens", "native"),
    [
        (lens_time.DATE, "2024-02-30"),
        (lens_time.DATE, "20240230"),
        (lens_time.DATE, "2024-W01-1"),
        (lens_time.INSTANT, "2024-05-01T10:00:00"),
        (lens_time.INSTANT, "2024-05-01"),
        (lens_time.INSTANT, "0001-01-01T00:00:00+05:00"),
        (lens_time.EPOCH_S, 10**18),
        (lens_time.EPOCH_S, True),
        (lens_time.EPOCH_S, math.nan),
        (lens_time.COMPACT, "20240230T100000Z"),
        (lens_number.DECIMAL, math.inf),
        (lens_number.DECIMAL, "1e999999"),
        (lens_number.DECIMAL_COMMA, "1.5"),
        (lens_number.INTEGER, 1.5),
        (lens_number.INTEGER, True),
        (lens_number.NUMBER, 10**400),
        (lens_duration.ISO_DURATION, "P1M"),
        (lens_duration.ISO_DURATION, "P"),
        (lens_duration.ISO_DURATION, "PT"),
        (lens_duration.CLOCK, "1:60:00"),
        (partial_date.FUZZY, {"year": 2023, "month": 2, "day": 29}),
        (partial_date.FUZZY, {"year": "2023"}),
        (partial_date.FUZZY_NUMBER, 20241399),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(lens, native):
    with pytest.raises(LensError):
        lens.read(native)


def test_nothing_is_cut_off_silently():
    for name in ("epoch", "epoch_ms", "compact"):
        with pytest.raises(LensError, match="does not fit"):
            FORMS[name].write(datetime(2024, 5, 1, tzinfo=UTC) + timedelta(microseconds=1))


def test_writing_takes_the_text_a_stored_record_holds():
    assert FORMS["epoch"].write("2024-05-01T10:00:00Z") == 1714557600
    assert FORMS["instant"].write("2024-05-01T12:00:00+02:00") == "2024-05-01T10:00:00Z"
    assert FORMS["decimal"].write("12.50") == 12.5


def test_text_without_an_offset_is_read_in_the_zone_that_is_declared():
    lens = build("at", {"at": "at", "as": "instant", "zone": "Europe/Berlin"}).lens
    assert lens.read("2024-05-01T12:00:00") == datetime(2024, 5, 1, 10, tzinfo=UTC)
    assert lens.read("2024-05-01T12:00:00Z") == datetime(2024, 5, 1, 12, tzinfo=UTC)


def test_a_chain_goes_back_the_way_it_came_and_only_if_every_part_does():
    chain = then(lens_number.MINUTES, lens_duration.DURATION)
    assert chain.read(90) == "PT1H30M"
    assert chain.write("PT1H30M") == 90
    assert then(AS_IS, chain) is chain
    assert then(chain, AS_IS) is chain
    one_way = then(chain, reading("seen", str, "it is only seen"))
    assert one_way.one_way == "it is only seen"
    with pytest.raises(LensError, match="only seen"):
        one_way.write("x")
    with pytest.raises(ValueError, match="no other side"):
        flip(one_way)


def test_html_reads_as_markdown_and_says_that_it_cannot_go_back():
    lens = build("body", {"at": "body", "as": "markdown"}, markdown=lambda html: html.strip("<b>/")).lens
    assert lens.read("<b>x</b>") == "x"
    assert "Markdown" in lens.one_way


def test_messages_show_values_short_and_never_a_whole_record():
    assert shown({"secret": "x"}) == "a dict of 1"
    assert len(shown("x" * 1000)) < 65


def attempt(change, value):
    """None where it is refused; anything but a LensError is a bug and comes out."""
    try:
        return change(value)
    except LensError:
        return None


def _nearly(one, other):
    return (
        isinstance(one, float | int)
        and isinstance(other, float | int)
        and math.isclose(one, other, rel_tol=1e-14, abs_tol=1e-7)
    )


@pytest.mark.parametrize(
    ("date", "prefix", "midnight"),
    [
        ("2024-03-01", "2024-03-01", "2024-03-01T00:00:00.000Z"),
        ("2024-03", "2024-03", None),
        ("2024", "2024", None),
        ("2024---05", "2024", None),
        ("--03-01", None, None),
        ("---01", None, None),
    ],
)
def test_a_service_without_partial_dates_is_told_what_it_can_hold_and_no_day_is_made_up(date, prefix, midnight):
    assert (partial_date.FUZZY_PREFIX.write(date), partial_date.MIDNIGHT.write(date)) == (prefix, midnight)


def test_a_day_is_read_from_a_time_whatever_the_hour():
    assert partial_date.MIDNIGHT.read("2024-03-01T17:20:11.482Z") == "2024-03-01"


def test_an_amount_is_in_days_where_it_can_be_and_in_whole_minutes_else():
    lens = FORMS["amount"]
    assert lens.read({"amount": 90, "unit": "minute"}) == "PT1H30M"
    assert lens.write("P2D") == {"amount": 2, "unit": "day"}
    assert lens.write("PT10S") == {"amount": 1, "unit": "minute"}
    assert lens.write("PT90S") == {"amount": 2, "unit": "minute"}
    assert lens.write("PT0S") is None


def test_what_a_service_does_not_have_is_written_as_what_is_nearest():
    lens = build("priority", {"at": "p", "table": {4: 1, 2: 5}, "ignored": [1], "lossy": {2: 4, 9: 1}}).lens
    assert [lens.write(value) for value in (1, 2, 5, 9)] == [4, 4, 2, 1]
    assert [lens.read(lens.write(value)) for value in (2, 9)] == [1, None]
    with pytest.raises(ValueError, match="no value of the table"):
        build("priority", {"at": "p", "table": {4: 1}, "lossy": {2: 7}})
