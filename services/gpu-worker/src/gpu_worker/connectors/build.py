"""Builds the connector of a back end from its entry in the list."""

from collections.abc import Callable, Mapping

from gpu_worker.backends.entry import BackendEntry, BackendType
from gpu_worker.connectors.a1111.backend import A1111Backend
from gpu_worker.connectors.comfyui.backend import ComfyUIBackend
from gpu_worker.connectors.http.backend import HttpBackend
from gpu_worker.connectors.ollama.backend import OllamaBackend
from gpu_worker.connectors.openai.backend import OpenAIBackend
from gpu_worker.connectors.stability.backend import StabilityBackend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend

_BUILDERS: Mapping[BackendType, Callable[[BackendEntry, Tools], Backend]] = {
    BackendType.A1111: A1111Backend,
    BackendType.COMFYUI: ComfyUIBackend,
    BackendType.HTTP: HttpBackend,
    BackendType.OLLAMA: OllamaBackend,
    BackendType.OPENAI: OpenAIBackend,
    BackendType.STABILITY: StabilityBackend,
}


def build_backend(entry: BackendEntry, tools: Tools) -> Backend:
    """Return the connector of a back end; raises BackendListError for settings that it cannot have."""
    return _BUILDERS[entry.type](entry, tools)
