"""Real servers of language models, as `make install-llm` installs them."""

import os
from pathlib import Path

import httpx
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready

from support.mortal import Mortal

HOME = Path(__file__).parents[2] / ".llm"
MODEL = "smollm2"
_START_S = 60.0
_SCRIPT = Path(__file__).parents[1] / "backends" / "llama_server.py"


class LlamaServer(Mortal):
    """llama.cpp's server, which speaks OpenAI's API."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        super().__init__(self._spec, folder / "llama.log")

    def busy_slots(self) -> int:
        """Return how many replies are being written. Blocks."""
        slots = httpx.get(f"http://127.0.0.1:{self.port}/slots", timeout=10).json()
        return sum(slot["is_processing"] for slot in slots)

    def _spec(self) -> ProcessSpec:
        return _spec("llama.cpp", (str(_SCRIPT), str(self.port)), self.port, "/v1/models", {})


class OllamaServer(Mortal):
    """A server that speaks Ollama's API and asks an OpenAI-like server; its model is `local/<name>`."""

    def __init__(self, folder: Path, behind: LlamaServer) -> None:
        self.port, self._behind = free_ports(1)[0], behind
        self.url = f"http://127.0.0.1:{self.port}"
        super().__init__(self._spec, folder / "ollama.log")

    def _spec(self) -> ProcessSpec:
        arguments = ("-m", "ollama_proxy", "serve", "--host", "127.0.0.1", "--port", str(self.port))
        settings = {"PROVIDERS_LOCAL_BASE_URL": self._behind.url, "PROVIDERS_LOCAL_API_KEY": "none"}
        return _spec("Ollama proxy", arguments, self.port, "/api/version", settings)


def _spec(name: str, arguments: tuple[str, ...], port: int, ready_path: str, settings: dict[str, str]) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=(str(HOME.resolve() / "bin" / "python"), *arguments),
        ready=http_ready(port, path=ready_path),
        env={**os.environ, **settings},
        cwd=HOME.resolve(),
        ready_timeout_s=_START_S,
    )
