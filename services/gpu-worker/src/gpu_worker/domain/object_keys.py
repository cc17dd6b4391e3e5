"""Keys of an attempt's outputs in the object store."""

import re

from darkroom_schemas.step import ClaimedStep

_STEP_ID = re.compile(r"(?P<job>.+):(?P<run>\d+):(?P<number>\d+)\Z")


def object_folder(step: ClaimedStep) -> str:
    """Return the key prefix `<job>/<run>/<step>/<attempt>-<token>`, which no other attempt has.

    The attempt's number is not unique: a step that was returned to the queue or rerun by an operator repeats numbers.
    """
    attempt = f"{step.attempt}-{step.token}"
    match = _STEP_ID.match(step.id)
    if match is None:
        return f"{step.job_id}/1/{step.id}/{attempt}"
    return f"{match['job']}/{match['run']}/{match['number']}/{attempt}"
