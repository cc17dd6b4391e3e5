"""What ComfyUI answers about prompts, as far as it is used here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

_MAX_OUTPUT_NODES = 2_000


class Outcome(StrEnum):
    """How a prompt ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Finished:
    """A prompt that ended: its outputs by node, and the data of `execution_error`."""

    outcome: Outcome
    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    error: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromptQueue:
    """The ids of the prompts that run and wait, in order."""

    running: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()

    def __contains__(self, prompt_id: object) -> bool:
        return prompt_id in self.running or prompt_id in self.pending


def read_queue(body: Any) -> PromptQueue:
    """Read the answer of `/queue`; entries that are not as expected are left out."""
    return PromptQueue(_ids(body, "queue_running"), _ids(body, "queue_pending"))


def read_history(body: Any, prompt_id: str) -> Finished | None:
    """Read the answer of `/history/{prompt_id}`; None if the server does not know the prompt, or it still runs.

    The status of an interrupted prompt is `error`, too: only its messages tell the two apart.
    """
    entry = body.get(prompt_id) if isinstance(body, dict) else None
    if not isinstance(entry, dict):
        return None
    status = entry.get("status")
    messages = _messages(status)
    outputs = read_outputs(entry.get("outputs"))
    if "execution_interrupted" in messages:
        return Finished(Outcome.INTERRUPTED, outputs)
    if isinstance(status, dict) and status.get("status_str") == "error":
        return Finished(Outcome.FAILED, outputs, messages.get("execution_error", {}))
    return Finished(Outcome.SUCCEEDED, outputs)


def read_outputs(outputs: Any) -> dict[str, Mapping[str, Any]]:
    """Return the outputs by node, without what is not an object."""
    if not isinstance(outputs, dict):
        return {}
    found = {str(node): output for node, output in outputs.items() if isinstance(output, dict)}
    return dict(list(found.items())[:_MAX_OUTPUT_NODES])


def _ids(body: Any, name: str) -> tuple[str, ...]:
    entries = body.get(name) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        return ()
    return tuple(entry[1] for entry in entries if isinstance(entry, list) and len(entry) > 1 and _is_text(entry[1]))


def _messages(status: Any) -> dict[str, Mapping[str, Any]]:
    messages = status.get("messages") if isinstance(status, dict) else None
    if not isinstance(messages, list):
        return {}
    return {
        message[0]: message[1]
        for message in messages
        if isinstance(message, list) and len(message) == 2 and _is_text(message[0]) and isinstance(message[1], dict)
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str)
