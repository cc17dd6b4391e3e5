"""Exit codes of the `darkroom` program, and which error ends with which."""

from enum import IntEnum

from darkroom_client.errors import DarkroomError, NotAuthorised, NotReachable, ServiceError


class Exit(IntEnum):
    """Exit codes; Ctrl-C is 130, as everywhere."""

    OK = 0
    JOB_FAILED = 1
    BAD_INPUT = 2
    NOT_REACHABLE = 3
    NOT_AUTHORISED = 4


HELP = (
    "Exit codes: 0 done · 1 the job failed · 2 wrong usage or input · 3 the service can't be reached or can't answer "
    "now · 4 not authorised · 130 Ctrl-C."
)


def exit_of(error: DarkroomError) -> Exit:
    """Return the exit code for an error of the SDK."""
    if isinstance(error, NotAuthorised):
        return Exit.NOT_AUTHORISED
    if isinstance(error, NotReachable | ServiceError):
        return Exit.NOT_REACHABLE
    return Exit.BAD_INPUT
