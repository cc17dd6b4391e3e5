"""Exit codes of the `darkroom` program, and the error of each."""

from enum import IntEnum

from darkroom_client.errors import DarkroomError, JobFailed, NotAuthorised, NotReachable, ServiceError


class Exit(IntEnum):
    """Exit codes. For Ctrl-C and a closed pipe: 128 plus the number of the signal, as is usual."""

    OK = 0
    JOB_FAILED = 1
    BAD_INPUT = 2
    NOT_REACHABLE = 3
    NOT_AUTHORISED = 4
    NO_OUTPUT = 5
    INTERRUPTED = 130
    PIPE_CLOSED = 141


HELP = (
    "Exit codes: 0 done · 1 a job failed · 2 wrong usage or input, or not enough credits · 3 a service can't be "
    "reached or can't answer now · 4 not authorised · 5 a file or the output can't be written · 130 Ctrl-C · 141 the "
    "reader of the output went away."
)


def exit_of(error: DarkroomError) -> Exit:
    """Return the exit code for an error of the SDK."""
    match error:
        case JobFailed():
            return Exit.JOB_FAILED
        case NotAuthorised():
            return Exit.NOT_AUTHORISED
        case NotReachable() | ServiceError():
            return Exit.NOT_REACHABLE
    return Exit.BAD_INPUT
