"""One percentage over all nodes of a graph. A sampler counts as many times as it has steps, every other node once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gpu_worker.connectors.comfyui.graph import Graph, link_of

_USUAL_STEPS = 20
"""Weight of a sampler whose steps the graph does not say."""
_MAX_STEPS = 10_000
_ALMOST = 99.0
"""The most until the outputs are stored."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a prompt, in percent. `step` and `steps` count within the running node, if it says so."""

    percent: float
    message: str
    step: int | None = None
    steps: int | None = None


class GraphProgress:
    """Adds up what the events of a prompt say of its nodes. The percentage never falls."""

    def __init__(self, graph: Graph) -> None:
        self._names = {node_id: str(node.get("class_type")) for node_id, node in graph.items()}
        self._weights = {node_id: _weight(graph, node_id) for node_id in graph}
        self._shares = dict.fromkeys(graph, 0.0)
        self._percent = 0.0
        self._node: str | None = None
        self._step: tuple[int, int] | None = None

    @property
    def now(self) -> Progress:
        """Return the progress."""
        done = sum(self._weights[node_id] * share for node_id, share in self._shares.items())
        self._percent = max(self._percent, min(_ALMOST, 100 * done / sum(self._weights.values())))
        message = self._names[self._node] if self._node else "ComfyUI"
        step, steps = self._step or (None, None)
        return Progress(self._percent, message, step, steps)

    def cached(self, nodes: Iterable[Any]) -> None:
        """These nodes have results of an earlier prompt."""
        for node_id in nodes:
            self._set_share(node_id, 1.0)

    def executing(self, node_id: Any) -> None:
        """This node runs now."""
        if node_id != self._node and node_id in self._names:
            self._node, self._step = node_id, None

    def finished(self, node_id: Any) -> None:
        """This node has its results."""
        self._set_share(node_id, 1.0)

    def advanced(self, node_id: Any, value: Any, maximum: Any) -> None:
        """This node has done `value` of `maximum` steps."""
        if not _is_number(value) or not _is_number(maximum) or maximum <= 0:
            return
        self._set_share(node_id, min(1.0, max(0.0, value / maximum)))
        if maximum > 1 and node_id in self._names:
            self.executing(node_id)
            self._step = int(value), int(maximum)

    def states(self, nodes: Mapping[str, Any]) -> None:
        """Read `progress_state`: the state of every node that has begun."""
        for node_id, state in nodes.items():
            if not isinstance(state, dict):
                continue
            if state.get("state") == "finished":
                self.finished(node_id)
            elif state.get("state") == "running":
                self.advanced(node_id, state.get("value"), state.get("max"))

    def _set_share(self, node_id: Any, share: float) -> None:
        """Raise the share of a node. Nodes that an expansion added at run time are not in the graph."""
        if isinstance(node_id, str) and node_id in self._shares:
            self._shares[node_id] = max(self._shares[node_id], share)


def _weight(graph: Graph, node_id: str) -> float:
    if "sampler" not in str(graph[node_id].get("class_type")).lower():
        return 1.0
    inputs = graph[node_id].get("inputs", {})
    steps = _steps(inputs)
    if steps is None:  # custom samplers get their steps from a scheduler node
        sources = [source for value in inputs.values() if (source := link_of(value)) in graph]
        steps = max(filter(None, (_steps(graph[source].get("inputs", {})) for source in sources)), default=None)
    is_sampler = steps is not None or "latent_image" in inputs
    return float(steps or _USUAL_STEPS) if is_sampler else 1.0


def _steps(inputs: Mapping[str, Any]) -> int | None:
    steps = inputs.get("steps")
    return steps if isinstance(steps, int) and 0 < steps <= _MAX_STEPS else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
