"""Says in a few words why an object store refused a call, without URLs, which may be signed."""

import errno
import os
import re

_OS_ERROR = re.compile(r"\(os error (\d+)\)")
_STATUS = re.compile(r"status code: (\d{3}(?: [A-Za-z]+)*)")
_NO_CONNECTION = re.compile(r"error sending request|connection|dns|timed out", re.IGNORECASE)


def reason_of(error: Exception) -> str:
    """Return the reason: an errno's name and text, an HTTP status, `no connection`, or the error's type."""
    text = str(error)
    number = error.errno if isinstance(error, OSError) and error.errno else None
    if found := _OS_ERROR.search(text):
        number = int(found[1])
    if number is not None:
        return f"{errno.errorcode.get(number, number)}: {os.strerror(number)}"
    if found := _STATUS.search(text):
        return f"HTTP {found[1]}"
    return "no connection" if _NO_CONNECTION.search(text) else type(error).__name__
