"""The job types of a back end that can serve several."""

from collections.abc import Sequence

from gpu_worker.backends.backend_list import BackendListError
from gpu_worker.backends.entry import BackendEntry


def served_types(entry: BackendEntry, possible: Sequence[str], default: Sequence[str]) -> tuple[str, ...]:
    """Return the types that the entry names, or `default`; raises BackendListError for one that is not possible."""
    for name in entry.types or ():
        if name not in possible:
            raise BackendListError(f"{entry.id}.types: must be of {', '.join(possible)}, not {name!r}")
    return tuple(entry.types or default)
