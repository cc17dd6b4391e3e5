"""When a group has what it wants: all children, the first one, or a number of them."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from darkroom_schemas.base import Wire

_QUORUM = re.compile(r"quorum\(\s*([1-9]\d{0,3})\s*\)\Z")
MUST_BE = "must be all, first, or quorum(n) with n from 1 to the number of children"


class Policy(Wire):
    """`needed` children must complete; the others are cancelled then. None: all children run to their end."""

    needed: int | None = Field(default=None, ge=1)

    def is_met(self, completed: int) -> bool:
        """Whether enough children have completed for the others to be cancelled."""
        return self.needed is not None and completed >= self.needed


def parse_policy(text: str) -> Policy | None:
    """Return the policy `all`, `first` or `quorum(n)`; None for any other text."""
    if text == "all":
        return Policy()
    if text == "first":
        return Policy(needed=1)
    match = _QUORUM.match(text)
    return None if match is None else Policy(needed=int(match[1]))


def policy_name(policy: Policy) -> str:
    """Return the policy as requests write it."""
    if policy.needed is None:
        return "all"
    return "first" if policy.needed == 1 else f"quorum({policy.needed})"


def _read(value: Any) -> Any:  # Any: whatever the client sent
    if isinstance(value, Policy):
        return value
    policy = parse_policy(value) if isinstance(value, str) else None
    if policy is None:
        raise ValueError(MUST_BE)
    return policy


PolicyText = Annotated[
    Policy, BeforeValidator(_read), PlainSerializer(policy_name), WithJsonSchema({"type": "string", "maxLength": 20})
]
"""A policy as requests write it."""
