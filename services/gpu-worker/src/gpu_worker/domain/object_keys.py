"""Where the outputs of an attempt lie in the object store."""

import re

from darkroom_schemas.step import ClaimedStep

_STEP_ID = re.compile(r"(?P<job>.+):(?P<run>\d+):(?P<number>\d+)\Z")


def object_folder(step: ClaimedStep) -> str:
    """Return `<job>/<run>/<step>/<attempt>-<token>`; no two attempts ever write the same key.

    The number alone would not do: a step that was given back, or is run again by an operator, repeats numbers.
    """
    attempt = f"{step.attempt}-{step.token}"
    match = _STEP_ID.match(step.id)
    if match is None:
        return f"{step.job_id}/1/{step.id}/{attempt}"
    return f"{match['job']}/{match['run']}/{match['number']}/{attempt}"
