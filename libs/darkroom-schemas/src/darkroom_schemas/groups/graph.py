"""Fills the parameters and the seed of one child into a ComfyUI graph."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Graph = dict[str, dict[str, Any]]

_ALIASES = {"cfg_scale": "cfg", "sampler": "sampler_name", "prompt": "positive", "negative_prompt": "negative"}
"""Parameters by the names of other tools, and the inputs of ComfyUI's nodes that they mean."""
_SEEDS = ("seed", "noise_seed")


class UnknownParameter(Exception):
    """No node of the graph has an input of this name that holds a value."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def with_parameters(graph: Graph, parameters: Mapping[str, Any]) -> Graph:
    """Return a copy in which each parameter replaces the inputs of its name, or of the input that it means.

    Links to other nodes are never replaced. Raises UnknownParameter.
    """
    changed = deepcopy(graph)
    for name, value in parameters.items():
        places = [*_inputs_named(changed, name)] or [*_inputs_named(changed, _ALIASES.get(name, name))]
        if not places:
            raise UnknownParameter(name)
        for inputs, place in places:
            inputs[place] = value
    return changed


def with_seed(graph: Graph, seed: int) -> Graph:
    """Return a copy with the seed in every input that holds one."""
    changed = deepcopy(graph)
    for name in _SEEDS:
        for inputs, place in _inputs_named(changed, name):
            inputs[place] = seed
    return changed


def _inputs_named(graph: Graph, name: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the inputs of that name that hold a value rather than a link, `["<node>", <output>]`."""
    for node in graph.values():
        inputs = node.get("inputs")
        if isinstance(inputs, dict) and name in inputs and not isinstance(inputs[name], list):
            yield inputs, name
