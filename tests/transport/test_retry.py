import random

from entrepot.transport.retry import NEVER, Retry


def test_pauses_are_drawn_from_the_whole_span_which_doubles_up_to_the_ceiling():
    retry = Retry(attempts=20, base=1, ceiling=8, draw=random.Random(7).random)
    for attempt, most in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (19, 8)):
        drawn = [retry.wait(attempt) for _ in range(300)]
        assert all(pause is not None and 0 <= pause <= most for pause in drawn)
        assert max(pause or 0 for pause in drawn) > most * 0.9
        assert min(pause or 0 for pause in drawn) < most * 0.1


def test_what_the_service_asks_for_is_never_cut_short():
    retry = Retry(draw=random.Random(7).random)
    assert all((retry.wait(1, after=30) or 0) >= 30 for _ in range(100))


def test_it_gives_up_after_the_last_attempt_and_where_the_wait_is_too_long():
    retry = Retry(attempts=3, patience=60)
    assert retry.wait(3) is None
    assert retry.wait(1, after=61) is None
    assert NEVER.wait(1) is None
