"""Turns ComfyUI's errors into failures that name the node and its input."""

from collections.abc import Iterator, Mapping
from typing import Any

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.answers import shortened
from gpu_worker.connectors.comfyui.graph import Graph, node_name
from gpu_worker.connectors.server_faults import Refused, failure_of
from gpu_worker.domain.failures import Failure

_MAX_PROBLEMS = 5
_OUT_OF_MEMORY = ("outofmemory", "out of memory", "not enough memory")
_OF_THE_DEVICE = ("cuda error", "acceleratorerror", "hip error", "no space left", "connection")
"""Words of errors that another attempt may not have."""


def refusal(graph: Graph, refused: Refused) -> Failure:
    """Return the failure of a prompt that the server did not accept."""
    body = refused.body if isinstance(refused.body, dict) else {}
    node_errors, error = body.get("node_errors"), body.get("error")
    if isinstance(node_errors, dict) and node_errors:
        return invalid_nodes(graph, node_errors)
    if isinstance(error, dict):
        message = _join(error.get("message"), error.get("details"))
        return Failure(StepErrorCode.INVALID_PAYLOAD, f"workflow: {message}")
    return failure_of(refused, repeatable=refused.status != 400)


def invalid_nodes(graph: Graph, node_errors: Mapping[str, Any]) -> Failure:
    """Return the failure for `node_errors`: a model that the server does not have, or invalid inputs."""
    problems = list(_problems(graph, node_errors))
    sentence = "; ".join(text for text, _ in problems[:_MAX_PROBLEMS]) or "a node is not valid"
    if len(problems) > _MAX_PROBLEMS:
        sentence += f"; and {len(problems) - _MAX_PROBLEMS} more problems"
    lacks_model = bool(problems) and problems[0][1]
    code = StepErrorCode.MODEL_UNAVAILABLE if lacks_model else StepErrorCode.INVALID_PAYLOAD
    return Failure(code, f"workflow: {sentence}")


def execution_failure(graph: Graph, error: Mapping[str, Any]) -> Failure:
    """Return the failure for `execution_error`, which a node raised while it ran."""
    kind, message = error.get("exception_type"), error.get("exception_message")
    text = shortened(_join(kind, message))
    where = node_name(graph, str(error.get("node_id")))
    words = f"{kind} {message}".lower()
    if any(word in words for word in _OUT_OF_MEMORY):
        sentence = f"ComfyUI ran out of memory in {where}: {text}"
        return Failure(StepErrorCode.OUT_OF_MEMORY, sentence, retryable=True)
    retryable = any(word in words for word in _OF_THE_DEVICE)
    return Failure(StepErrorCode.BACKEND, f"ComfyUI failed in {where}: {text}", retryable=retryable)


def lost_previews(graph: Graph, node_errors: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return notes about invalid nodes if all outputs that they spoil are mere previews; otherwise None.

    ComfyUI runs a graph if one of its outputs is valid, and answers with the problems of the others.
    """
    spoiled = {
        str(node_id)
        for entry in node_errors.values()
        for node_id in (entry.get("dependent_outputs") if isinstance(entry, dict) else None) or ()
    }
    if not spoiled or not all(
        "preview" in str(graph.get(node_id, {}).get("class_type")).lower() for node_id in spoiled
    ):
        return None
    return tuple(shortened(f"Not run: {text}") for text, _ in list(_problems(graph, node_errors))[:_MAX_PROBLEMS])


def _problems(graph: Graph, node_errors: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each problem as a sentence, and whether it is a model that the server lacks."""
    for node_id, entry in node_errors.items():
        errors = entry.get("errors") if isinstance(entry, dict) else None
        for error in errors if isinstance(errors, list) else ():
            if isinstance(error, dict):
                yield _problem(node_name(graph, str(node_id)), error)


def _problem(where: str, error: Mapping[str, Any]) -> tuple[str, bool]:
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    name, value = extra.get("input_name"), extra.get("received_value")
    field = f"{where}, input {name}" if name else where
    if error.get("type") == "value_not_in_list" and isinstance(value, str):
        # The details list all choices: with hundreds of models they would hide what is wrong.
        lacks_model = str(name).endswith("_name") and name not in ("sampler_name", "scheduler_name")
        lacks = "the server has no such file" if lacks_model else "is not one of the choices"
        return f"{field}: {shortened(repr(value))}: {lacks}", lacks_model
    details = error.get("details")
    return f"{field}: {shortened(_join(error.get('message'), None if details == name else details))}", False


def _join(*parts: Any) -> str:
    return ": ".join(part.strip() for part in parts if isinstance(part, str) and part.strip()) or "unknown error"
