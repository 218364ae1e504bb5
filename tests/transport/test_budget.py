import asyncio

import pytest

from entrepot.core.errors import TryLater
from entrepot.transport.budget import CALM, Budget, Rate


async def start(budget, times, fast, weight=1):
    started = []
    for _ in range(times):
        await budget.enter(weight, patience=1e9)
        started.append(fast.time)
        budget.leave()
    return started


@pytest.mark.parametrize(("calls", "per"), [(3, 1), (10, 60), (1000, 900), (600, 600)])
async def test_no_span_ever_holds_more_calls_than_allowed(fast, calls, per):
    budget = Budget([Rate(calls, per)], clock=fast.clock)
    started = []
    for number in range(calls * 3):
        started += await start(budget, 1, fast)
        fast.time += per / calls / 3 if number % 2 else 0
    assert all(later - earlier >= per for earlier, later in zip(started, started[calls:], strict=False))


async def test_all_that_is_allowed_may_go_at_once(fast):
    await start(Budget([Rate(100, 60)], clock=fast.clock), 100, fast)
    assert fast.slept == []


async def test_the_narrowest_of_several_rates_counts(fast):
    budget = Budget([Rate(2, 1), Rate(5, 100)], clock=fast.clock)
    started = await start(budget, 6, fast)
    assert [round(moment - 1000, 2) for moment in started] == [0, 0, 1, 1, 2, 100]


async def test_a_heavy_call_counts_as_many(fast):
    budget = Budget([Rate(10, 60)], clock=fast.clock)
    assert await start(budget, 3, fast, weight=5) == [1000, 1000, 1060]
    assert await start(budget, 1, fast, weight=50) == [1120]  # more than ever fits goes alone


async def test_who_would_wait_too_long_is_told_when_to_come_back(fast):
    budget = Budget([Rate(1, 86_400)], clock=fast.clock)
    await start(budget, 1, fast)
    with pytest.raises(TryLater) as raised:
        await budget.enter(patience=60)
    assert raised.value.after == 86_400
    assert budget._busy == 0


@pytest.mark.parametrize("jump", [-1e6, -5, 5, 1e6])
async def test_a_clock_that_jumps_neither_hangs_nor_opens_the_gate(fast, jump):
    budget = Budget([Rate(10, 60)], clock=fast.clock)
    await start(budget, 10, fast)
    fast.time += jump
    budget.learn({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"})
    fast.time += jump
    await start(budget, 10, fast)
    assert sum(fast.slept) <= 60


async def test_it_waits_when_the_service_says_nothing_is_left(fast):
    budget = Budget(clock=fast.clock)
    await budget.enter()
    budget.learn({"X-RateLimit-Remaining": "2", "X-RateLimit-Reset": "30"})
    budget.leave()
    assert await start(budget, 3, fast) == [1000, 1000, 1030]


async def test_an_answer_that_was_overtaken_does_not_give_calls_back(fast):
    budget = Budget(clock=fast.clock)
    for remaining in ("1", "3", "2"):
        await budget.enter(patience=0)
        budget.learn({"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": "30"})
        budget.leave()
        if remaining == "1":
            await budget.enter(patience=0)
            budget.leave()
            break
    with pytest.raises(TryLater):
        await budget.enter(patience=0)


async def test_a_new_period_counts_anew(fast):
    budget = Budget(clock=fast.clock)
    await budget.enter()
    budget.learn({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"})
    budget.leave()
    fast.time += 31
    assert await start(budget, 5, fast) == [1031] * 5


async def test_fewer_at_once_after_a_complaint_and_slowly_more_again():
    budget = Budget(concurrency=8)
    budget.learn({}, limited=True)
    budget.learn({}, limited=True)
    assert budget.concurrency == 2
    for _ in range(CALM):
        budget.learn({})
    assert budget.concurrency == 3
    for _ in range(10):
        budget.learn({}, limited=True)
    assert budget.concurrency == 1


async def test_those_who_wait_come_in_the_order_they_came():
    budget, order = Budget(concurrency=1), []

    async def call(number):
        await budget.enter()
        order.append(number)
        await asyncio.sleep(0)
        budget.leave()

    await asyncio.gather(*(call(number) for number in range(10)))
    assert order == list(range(10))


async def test_a_call_given_up_while_waiting_does_not_block_the_next():
    budget = Budget(concurrency=1)
    await budget.enter()
    waiting = [asyncio.create_task(budget.enter()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    budget.leave()
    waiting[1].cancel()
    await asyncio.wait_for(waiting[2], 1)
    budget.leave()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert budget._busy == 0
