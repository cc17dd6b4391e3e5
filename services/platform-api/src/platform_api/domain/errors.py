"""Reasons for rejecting a request; `http/errors.py` maps them to HTTP responses.

Refused
├─ InvalidParameter      a value is out of bounds; has the parameter's name
├─ UnknownJobType        not in the catalogue of this route
├─ WrongLogin            unknown name or wrong password
├─ TooManyLogins         too many attempts; has the seconds to wait
├─ UnknownUser           the caller names a user that does not exist
├─ Forbidden             the caller is known and lacks the permission
├─ NotEnoughCredits      has the price and the balance
├─ BalanceTooLow         the balance is lower than the deduction
├─ QueueIsFull           retry later
├─ AlreadyExists         the name is taken
├─ TooManyKeys           the user has the maximum number of API keys
├─ TooManyUploads        the user has the maximum number of uploads
├─ TooManyPresets        the user has the maximum number of presets
├─ NotFound              no such job or asset, or it belongs to another user
├─ UnknownServer         no server has this alias
├─ JobNotRetryable       the job is completed or active
├─ JobRetryLimit         the job was retried the maximum number of times
├─ CollectionCorrupted   the stored collection is unusable
└─ JobFinished           too late to cancel

StoreUnavailable         not a rejection: the object store does not answer
"""

from collections.abc import Mapping, Sequence

from darkroom_schemas.status import JobStatus


class Refused(Exception):
    """The request is well-formed and is rejected."""


class StoreUnavailable(Exception):
    """The object store does not answer, or rejected an operation. It says nothing about the request."""


class InvalidParameter(Refused):
    """One parameter is out of bounds."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


class UnknownJobType(Refused):
    """The job type is not one of `valid`."""

    def __init__(self, job_type: str, valid: Sequence[str]) -> None:
        super().__init__(job_type)
        self.job_type, self.valid = job_type, tuple(valid)


class UnknownUser(Refused):
    """A service key or a token acts for a user that does not exist."""


class WrongLogin(Refused):
    """Unknown name or wrong password. The response does not reveal which."""


class TooManyLogins(Refused):
    """Too many attempts to log in."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"{wait_s:.0f} s")
        self.wait_s = wait_s


class Forbidden(Refused):
    """The caller may not do this; the message states who may."""


class NotEnoughCredits(Refused):
    """The balance does not cover the price; both in thousandths of a credit."""

    def __init__(self, price_mc: int, balance_mc: int) -> None:
        super().__init__(f"price {price_mc}, balance {balance_mc}")
        self.price_mc, self.balance_mc = price_mc, balance_mc


class BalanceTooLow(Refused):
    """The balance, in thousandths of a credit, is lower than an operator's deduction."""

    def __init__(self, balance_mc: int) -> None:
        super().__init__(f"balance {balance_mc}")
        self.balance_mc = balance_mc


class QueueIsFull(Refused):
    """The number of waiting steps has reached the operator's limit."""


class NotFound(Refused):
    """`what` does not exist or is not visible to this caller."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NotReplayable(Refused):
    """The asset has no recipe of Darkroom's own pipelines: a back end produced it, or a user uploaded it."""


class UnknownServer(Refused):
    """The alias is not one of `known`. `field` is the request's field that holds it."""

    def __init__(self, alias: str, known: Sequence[str], field: str = "alias") -> None:
        super().__init__(alias)
        self.alias, self.known, self.field = alias, tuple(known), field


class AlreadyExists(Refused):
    """A `what` with that name exists."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what} {name}")
        self.what, self.name = what, name


class TooManyKeys(Refused):
    """The user has `limit` API keys, the maximum."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class TooManyUploads(Refused):
    """The user has `limit` uploads, the maximum."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class TooManyPresets(Refused):
    """The user has `limit` presets, the maximum."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class JobFinished(Refused):
    """The job ended before it could be cancelled."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class JobNotRetryable(Refused):
    """Only a job that failed, was cancelled or is stuck can be retried."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class JobRetryLimit(Refused):
    """The job was retried `limit` times, the maximum."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class CollectionCorrupted(Refused):
    """The stored data is at fault, not the request; `problems` by field."""

    def __init__(self, collection_id: str, problems: Mapping[str, str]) -> None:
        super().__init__(collection_id)
        self.collection_id, self.problems = collection_id, problems
