"""The limiter's decisions and header fields, on counts in memory and a clock that is moved."""

from collections.abc import Sequence

import pytest
from darkroom_chassis.errors import AppError
from darkroom_chassis.rate_limit import Headers, RateLimit, RateLimiter, RateLimitState, RateLimitsUnavailable

REQUESTS, SUBMISSIONS = RateLimit("requests", 60), RateLimit("submissions", 30)


class ScriptedCounts:
    """Gives the answers that a test sets, and records the questions."""

    def __init__(self, *answers: list[RateLimitState] | None) -> None:
        self.answers, self.asked = list(answers), 0

    async def take(self, caller: str, quotas: Sequence[RateLimit]) -> list[RateLimitState]:
        self.asked += 1
        answer = self.answers.pop(0)
        if answer is None:
            raise RateLimitsUnavailable("gone")
        return answer


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_headers_report_the_policies_and_the_state() -> None:
    headers: Headers = []
    counts = ScriptedCounts([RateLimitState(59, 1.0, 0), RateLimitState(28, 3.2, 0)])
    await RateLimiter(counts).admit("anna", [REQUESTS, SUBMISSIONS], headers)
    assert headers == [
        (b"ratelimit-policy", b'"requests";q=60;w=60, "submissions";q=30;w=60'),
        (b"ratelimit", b'"requests";r=59;t=1, "submissions";r=28;t=4'),
    ]


async def test_used_up_quota_is_named_in_the_refusal() -> None:
    headers: Headers = []
    counts = ScriptedCounts([RateLimitState(20, 40, 0), RateLimitState(0, 60, 1.4)])
    with pytest.raises(AppError, match="More than 30 submissions in 60 s; try again in 2 s") as refused:
        await RateLimiter(counts).admit("anna", [REQUESTS, SUBMISSIONS], headers)
    assert refused.value.status == 429
    assert refused.value.headers == {"Retry-After": "2"}
    assert headers[1] == (b"ratelimit", b'"requests";r=20;t=40, "submissions";r=0;t=60')


async def test_refused_caller_is_not_counted_again_before_a_unit_is_back() -> None:
    clock, counts = Clock(), ScriptedCounts([RateLimitState(0, 60, 5)], [RateLimitState(0, 60, 0)])
    limiter = RateLimiter(counts, monotonic_s=clock)
    for passed, retry_after in ((0.0, "5"), (3.0, "2")):
        clock.now = Clock.now + passed
        with pytest.raises(AppError) as refused:
            await limiter.admit("anna", [REQUESTS], [])
        assert refused.value.headers == {"Retry-After": retry_after}
    assert counts.asked == 1
    clock.now = Clock.now + 5
    await limiter.admit("anna", [REQUESTS], [])
    assert counts.asked == 2


async def test_refusal_of_submissions_leaves_other_requests_open() -> None:
    counts = ScriptedCounts([RateLimitState(50, 10, 0), RateLimitState(0, 60, 2)], [RateLimitState(49, 11, 0)])
    limiter = RateLimiter(counts)
    with pytest.raises(AppError):
        await limiter.admit("anna", [REQUESTS, SUBMISSIONS], [])
    await limiter.admit("anna", [REQUESTS], [])
    assert counts.asked == 2


async def test_everybody_is_let_through_while_the_counts_are_away() -> None:
    counts = ScriptedCounts(None, [RateLimitState(59, 1, 0)])
    limiter, headers = RateLimiter(counts), Headers()
    await limiter.admit("anna", [REQUESTS], headers)
    assert headers == []
    await limiter.admit("anna", [REQUESTS], headers)
    assert headers


async def test_zero_means_no_limit() -> None:
    counts = ScriptedCounts()
    await RateLimiter(counts).admit("anna", [RateLimit("requests", 0)], [])
    assert counts.asked == 0
