import pytest
from multidict import CIMultiDict

from entrepot.transport.rate_headers import FAR, Seen, read_limits, read_retry_after, read_wait

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seen"),
    [
        ({}, None),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "30"}, Seen(5, 30)),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1700000030"}, Seen(5, 30)),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1700000030000"}, Seen(5, 30)),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "1699999999"}, Seen(5, 0)),
        ({"X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "Tue, 14 Nov 2023 22:13:50 GMT"}, Seen(5, 30)),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.25"}, Seen(0, 1.25)),
        ({"X-Rate-Limit-Remaining": "899", "X-Rate-Limit-Reset": "1700000900"}, Seen(899, 900)),
        ({"RateLimit-Limit": "100", "RateLimit-Remaining": "50", "RateLimit-Reset": "5"}, Seen(50, 5)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, Seen(50, 5)),
        ({"RateLimit": '"default";r=50;t=30'}, Seen(50, 30)),
        ({"RateLimit": '"minute";r=50;t=30, "day";r=3;t=8000'}, Seen(3, 8000)),
        ({"X-Rate-Limit-Requests-Left": "6", "X-Rate-Limit-Time-Reset-Ms": "3000"}, Seen(6, 3)),
        ({"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "10000"}, Seen(0, 10)),
        (
            {
                "X-RateLimit-Requests-Remaining": "40",
                "X-RateLimit-Requests-Reset": "1700000060000",
                "X-RateLimit-Complexity-Remaining": "4",
                "X-RateLimit-Complexity-Reset": "1700000009000",
            },
            Seen(4, 9),
        ),
        ({"X-RateLimit-Remaining": "5"}, Seen(5, None)),
        ({"X-RateLimit-Remaining": "0"}, None),
        ({"X-RateLimit-Remaining": "many", "X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "nan"}, None),
        ({"RateLimit": "whatever"}, None),
    ],
)
def test_the_spellings_in_use_are_read(headers, seen):
    assert read_limits(CIMultiDict(headers), NOW) == seen


def test_dates_count_from_the_services_own_clock():
    headers = CIMultiDict(
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1600000030", "Date": "Sun, 13 Sep 2020 12:26:40 GMT"}
    )
    assert read_wait(headers, NOW) == 30


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        ("1.5", 1.5),
        ("1700000007", 7),
        ("Tue, 14 Nov 2023 22:13:27 GMT", 7),
        ("Tue, 14 Nov 2000 22:13:27 GMT", 0),
        ("31536000", 31_536_000),
        ("9" * 400, None),
        ("9" * 30, FAR),
        ("-1", None),
        ("NaN", None),
        ("tomorrow", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert read_retry_after(CIMultiDict({"Retry-After": text}), NOW) == seconds
