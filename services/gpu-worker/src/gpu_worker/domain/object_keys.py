"""Where the outputs of an attempt lie in the object store."""

import re

from darkroom_schemas.step import ClaimedStep

_STEP_ID = re.compile(r"(?P<job>.+):(?P<run>\d+):(?P<number>\d+)\Z")


def object_folder(step: ClaimedStep) -> str:
    """Return `<job>/<run>/<step>/<attempt>`; two attempts never write the same key."""
    match = _STEP_ID.match(step.id)
    if match is None:
        return f"{step.job_id}/1/{step.id}/{step.attempt}"
    return f"{match['job']}/{match['run']}/{match['number']}/{step.attempt}"
