"""What can be wrong with a request, in the domain's words; `routes/errors.py` turns them into answers.

Refused
├─ InvalidParameter      a value out of bounds, with the parameter's name
├─ UnknownJobType        not in the catalogue of this route
├─ WrongLogin            no such name, or another password
├─ TooManyLogins         too many attempts; with the seconds to wait
├─ UnknownUser           the caller names a user that does not exist
├─ Forbidden              known, and not for this caller
├─ NotEnoughCredits      with what is missing
├─ BalanceTooLow         an operator would take more credits than there are
├─ QueueIsFull           try again later
├─ AlreadyExists          the name is taken
├─ TooManyKeys            the user holds as many API keys as there may be
├─ NotFound              no such job or asset, or somebody else's
├─ UnknownServer         no server has this alias
├─ JobNotRetryable       it has completed, or is still on its way
├─ JobRetryLimit         it was retried as often as is allowed
├─ CollectionCorrupted   what was kept of a collection cannot be used any more
└─ JobFinished           too late to cancel
"""

from collections.abc import Mapping, Sequence

from darkroom_schemas.status import JobStatus


class Refused(Exception):
    """The request was understood and is not granted."""


class InvalidParameter(Refused):
    """One parameter is out of bounds."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}")
        self.name, self.message = name, message


class UnknownJobType(Refused):
    """The job type is none of `valid`."""

    def __init__(self, job_type: str, valid: Sequence[str]) -> None:
        super().__init__(job_type)
        self.job_type, self.valid = job_type, tuple(valid)


class UnknownUser(Refused):
    """A service key or a token speaks for a user that is not there."""


class WrongLogin(Refused):
    """The name and the password do not belong together. Which of them is wrong is not told."""


class TooManyLogins(Refused):
    """Too many attempts to log in."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"{wait_s:.0f} s")
        self.wait_s = wait_s


class Forbidden(Refused):
    """The caller may not do this; the sentence says who may."""


class NotEnoughCredits(Refused):
    """The balance does not cover the price; both in thousandths of a credit."""

    def __init__(self, price_mc: int, balance_mc: int) -> None:
        super().__init__(f"price {price_mc}, balance {balance_mc}")
        self.price_mc, self.balance_mc = price_mc, balance_mc


class BalanceTooLow(Refused):
    """The balance, in thousandths of a credit, is less than what an operator would take."""

    def __init__(self, balance_mc: int) -> None:
        super().__init__(f"balance {balance_mc}")
        self.balance_mc = balance_mc


class QueueIsFull(Refused):
    """More steps wait than the operator allows."""


class NotFound(Refused):
    """There is no such thing for this caller."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class UnknownServer(Refused):
    """The alias is none of `known`. `field` is where the request has it."""

    def __init__(self, alias: str, known: Sequence[str], field: str = "alias") -> None:
        super().__init__(alias)
        self.alias, self.known, self.field = alias, tuple(known), field


class AlreadyExists(Refused):
    """Something of that name is there."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(f"{what} {name}")
        self.what, self.name = what, name


class TooManyKeys(Refused):
    """The user holds `limit` API keys."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class JobFinished(Refused):
    """The job ended before it could be cancelled."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class JobNotRetryable(Refused):
    """Only a job that failed, was cancelled or is stuck can be run again."""

    def __init__(self, status: JobStatus) -> None:
        super().__init__(status)
        self.status = status


class JobRetryLimit(Refused):
    """The job was retried `limit` times."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class CollectionCorrupted(Refused):
    """The fault is in what was kept, not in the request; `problems` by field."""

    def __init__(self, collection_id: str, problems: Mapping[str, str]) -> None:
        super().__init__(collection_id)
        self.collection_id, self.problems = collection_id, problems
