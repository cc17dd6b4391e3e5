"""Recipes of outputs: the graph, and what people look for in it: prompt, seed and model."""

from collections.abc import Mapping
from typing import Any

from darkroom_schemas.recipe import BackendRecipe

from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.comfyui.graph import Graph, link_of
from gpu_worker.connectors.recipes import backend_recipe

_BUDGET_BYTES = 120_000
"""Size of all recipes of a result as JSON, of the 256,000 bytes that the queue takes for a result."""
_MAX_TEXT = 2_000
_SEEDS = ("seed", "noise_seed")
_MODELS = ("ckpt_name", "unet_name", "model_name")
_DEPTH = 8


class Recipes:
    """Recipes of the outputs of one prompt. Prompt and seed are those of the first sampler.

    The graph is left out of a recipe if it has more than 64 kB, or if all recipes together would become too large; then
    so is the prompt.
    """

    def __init__(self, graph: Graph, entry: BackendEntry, version: str | None) -> None:
        seed, model = _first(graph, _SEEDS, int), _first(graph, _MODELS, str)
        full = backend_recipe(entry, graph, version=version, prompt=_prompt(graph), seed=seed, model=model)
        forms = (full, full.model_copy(update={"request": {}}))
        self._forms = [(form, len(form.model_dump_json().encode())) for form in forms]
        self._smallest = full.model_copy(update={"request": {}, "prompt": ""})
        self._left = _BUDGET_BYTES

    def next(self) -> BackendRecipe:
        """Return the recipe of another output."""
        for form, size in self._forms:
            if size <= self._left:
                self._left -= size
                return form
        return self._smallest


def _first(graph: Graph, names: tuple[str, ...], kind: type[Any]) -> Any:
    for node in graph.values():
        for name in names:
            value = _inputs(node).get(name)
            if isinstance(value, kind) and not isinstance(value, bool):
                return value
    return None


def _prompt(graph: Graph) -> str:
    """Return the text that the first `positive` input leads to; without one, the first text of the graph."""
    for node in graph.values():
        if (source := link_of(_inputs(node).get("positive"))) and (text := _text(graph, source, _DEPTH)):
            return text
    return next((text for node_id in graph if (text := _text(graph, node_id, 0))), "")


def _text(graph: Graph, node_id: str, depth: int) -> str:
    """Return the text of a node, or of the nodes to which it is linked."""
    inputs = _inputs(graph.get(node_id, {}))
    for name in ("text", "prompt", "text_g", "string", "value"):
        if isinstance(value := inputs.get(name), str) and value:
            return value[:_MAX_TEXT]
    for value in inputs.values() if depth else ():
        if (source := link_of(value)) and (text := _text(graph, source, depth - 1)):
            return text
    return ""


def _inputs(node: Mapping[str, Any]) -> Mapping[str, Any]:
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}
