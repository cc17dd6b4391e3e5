"""How far each model of a worker is: waiting, downloading, starting, ready, or unavailable with a reason."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class ModelPhase(StrEnum):
    """The phases of a model, in the order in which it goes through them; it may become unavailable in each."""

    WAITING = "waiting"
    DOWNLOADING = "downloading"
    STARTING = "starting"
    READY = "ready"
    UNAVAILABLE = "unavailable"


_SETTLED = (ModelPhase.READY, ModelPhase.UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class ModelState:
    """The phase of a model. `done_bytes` of `total_bytes` are here; both are 0 if nothing is downloaded."""

    phase: ModelPhase
    reason: str = ""
    """Why it is unavailable."""
    done_bytes: int = 0
    total_bytes: int = 0

    def __str__(self) -> str:
        """Return the state in words."""
        if self.reason:
            return f"{self.phase}: {self.reason}"
        if self.phase is ModelPhase.DOWNLOADING and self.total_bytes:
            return f"{self.phase}: {self.done_bytes / 1e9:.2f} of {self.total_bytes / 1e9:.2f} GB"
        return self.phase.value


class ModelStates:
    """The states of all models that a worker offers. `on_ready` is called when the set of ready models changes."""

    def __init__(self, names: Iterable[str]) -> None:
        self._states = dict.fromkeys(names, ModelState(ModelPhase.WAITING))
        self._any_ready = asyncio.Event()
        self._has_started = False
        self.on_ready: Callable[[], None] = lambda: None

    def set(self, name: str, state: ModelState) -> None:
        """Record the state of a model."""
        before = self.ready
        self._states[name] = state
        self._has_started = self._has_started or self._is_settled()
        if self.ready == before:
            return
        if self.ready:
            self._any_ready.set()
        else:
            self._any_ready.clear()
        self.on_ready()

    @property
    def ready(self) -> tuple[str, ...]:
        """Return the models that steps can use."""
        return tuple(name for name, state in self._states.items() if state.phase is ModelPhase.READY)

    @property
    def have_started(self) -> bool:
        """Return whether a model is ready, and at the start every other was tried or had to be downloaded."""
        return bool(self.ready) and self._has_started

    def _is_settled(self) -> bool:
        states = self._states.values()
        return any(state.total_bytes for state in states) or all(state.phase in _SETTLED for state in states)

    @property
    def all(self) -> Mapping[str, ModelState]:
        """Return the state of each model."""
        return dict(self._states)

    async def any_ready(self) -> None:
        """Wait until a model is ready."""
        await self._any_ready.wait()

    def describe(self) -> dict[str, str]:
        """Return the state of each model in words."""
        return {name: str(state) for name, state in self._states.items()}


def all_ready(names: Iterable[str]) -> ModelStates:
    """Return the states of models of which all are ready."""
    states = ModelStates(names)
    for name in states.all:
        states.set(name, ModelState(ModelPhase.READY))
    return states
