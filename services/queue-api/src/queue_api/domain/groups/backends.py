"""Chooses the back ends of a group among those that are online."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from darkroom_schemas.worker import Capabilities

from queue_api.domain.groups.request import COMFYUI

NONE_ONLINE = "No valid online backends available"


@dataclass(frozen=True, slots=True)
class Choice:
    """The ids of the back ends to use, and the requested names that are skipped."""

    used: tuple[str, ...]
    skipped: tuple[str, ...]


def choose_backends(wanted: Iterable[str], required: Sequence[str], live: Iterable[Capabilities]) -> Choice:
    """Return the ComfyUI back ends that are online and have all required capabilities, each once, in their order.

    A capability is the name of a model, a custom node, a tag or a job type.
    """
    by_name = {name: can for can in live if COMFYUI in can.types for name in can.backends}
    used: dict[str, None] = {}
    skipped: dict[str, None] = {}
    for name in wanted:
        can = by_name.get(name)
        if can is not None and _has(can, required):
            used[can.backends[0]] = None
        else:
            skipped[name] = None
    return Choice(tuple(used), tuple(skipped))


def _has(can: Capabilities, required: Sequence[str]) -> bool:
    return set(required) <= {*can.models, *can.custom_nodes, *can.tags, *can.types}
