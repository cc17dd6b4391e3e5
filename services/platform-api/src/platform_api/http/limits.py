"""Rate limits per caller, by the tier of an API key or by user. Submissions have an additional limit."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkroom_chassis.middleware import ANSWER_HEADERS
from darkroom_chassis.rate_limit import RateLimit, RateLimiter
from darkroom_schemas.api_key import Tier
from fastapi import Request
from fastapi.routing import APIRoute

SUBMISSIONS = frozenset(
    {"queue_job", "generate", "generate_v1", "generate_collection", "retry_job", "submit_job_group", "upload_asset"}
)
"""Operations that submit a job or store a file."""


@dataclass(frozen=True, slots=True)
class CallerLimits:
    """Limits for all requests, and for the submissions among them."""

    requests: RateLimit
    submissions: RateLimit


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of each tier of API keys, and of users with a token, session or service key."""

    limiter: RateLimiter
    by_tier: Mapping[Tier, CallerLimits]
    user: CallerLimits

    async def apply(self, request: Request, caller: str, tier: Tier | None) -> None:
        """Count the request; raises 429 if the caller exceeds a limit."""
        quotas = self.user if tier is None else self.by_tier[tier]
        route = request.scope.get("route")
        submits = isinstance(route, APIRoute) and route.operation_id in SUBMISSIONS
        applied = (quotas.requests, quotas.submissions) if submits else (quotas.requests,)
        await self.limiter.admit(caller, applied, getattr(request.state, ANSWER_HEADERS))


def per_minute(requests: int, submissions: int) -> CallerLimits:
    """Return the limits of one kind of caller, in requests and submissions per minute."""
    return CallerLimits(RateLimit("requests", requests), RateLimit("submissions", submissions))
