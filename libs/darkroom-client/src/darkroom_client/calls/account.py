"""Calls about job types, credits, API keys and tickets."""

from collections.abc import Sequence
from typing import Any

from darkroom_client.calls.call import Call, idempotency_header, model, models, segment, without_none
from darkroom_client.errors import InvalidRequest
from darkroom_client.models.account import ApiKey, Balance, CreditLine, JobType, NewApiKey, Ticket
from darkroom_client.models.answer import Page

KEYS = "/api/v2/apikeys"


def job_types() -> Call[tuple[JobType, ...]]:
    return Call("GET", "/api/job-types", lambda answer: models(JobType, answer["data"]))


def queue_depth() -> Call[dict[str, int]]:
    """Count the waiting steps by job type."""
    return Call("GET", "/api/queue-status", lambda answer: dict(answer["queues"]))


def balance() -> Call[Balance]:
    return Call("GET", "/api/credits", model(Balance), params={"limit": 1})


def statement(*, limit: int, cursor: str | None) -> Call[Page[CreditLine]]:
    """List the changes of the balance, newest first."""

    def read(answer: Any) -> Page[CreditLine]:  # Any: JSON
        return Page(models(CreditLine, answer["data"]), answer["cursor"])

    return Call("GET", "/api/credits", read, params=without_none(limit=limit, cursor=cursor))


def keys(*, limit: int, cursor: str | None) -> Call[Page[ApiKey]]:
    """List the caller's keys, newest first. The cursor is an offset."""
    offset = int(cursor) if cursor else 0

    def read(answer: Any) -> Page[ApiKey]:  # Any: JSON
        items, total = models(ApiKey, answer["api_keys"]), int(answer["total"])
        seen = offset + len(items)
        return Page(items, str(seen) if items and seen < total else None, total)

    return Call("GET", KEYS, read, params={"limit": limit, "offset": offset})


def new_key(
    name: str,
    *,
    description: str | None,
    tier: str | None,
    scopes: Sequence[str] | None,
    idempotency_key: str | None,
) -> Call[NewApiKey]:
    body = without_none(name=name, description=description, tier=tier, scopes=text_list("scopes", scopes))
    return Call("POST", KEYS, _made(NewApiKey), body, headers=idempotency_header(idempotency_key))


def key_change(
    key_id: str,
    *,
    name: str | None,
    description: str | None,
    tier: str | None,
    scopes: Sequence[str] | None,
    is_active: bool | None,
) -> Call[ApiKey]:
    body = without_none(
        name=name, description=description, tier=tier, scopes=text_list("scopes", scopes), is_active=is_active
    )
    return Call("PUT", f"{KEYS}/{segment(key_id)}", _made(ApiKey), body)


def key_revocation(key_id: str) -> Call[None]:
    return Call("DELETE", f"{KEYS}/{segment(key_id)}", lambda _: None)


def ticket(audience: str, job_id: str | None) -> Call[Ticket]:
    return Call("POST", "/api/auth/ticket", model(Ticket), without_none(audience=audience, job_id=job_id))


def _made(kind: type[ApiKey]) -> Any:  # Any: reads either model
    return lambda answer: kind.model_validate(answer["api_key"])


def text_list(name: str, value: Sequence[str] | None) -> list[str] | None:
    """Return the value as a list. Raises `InvalidRequest` for a string, which is a sequence of characters."""
    if isinstance(value, str):
        raise InvalidRequest(f"`{name}` must be a list, such as [{value!r}].")
    return None if value is None else list(value)
