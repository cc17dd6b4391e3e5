"""Real ComfyUI servers, as `make install-comfyui` installs them: started, killed and frozen by tests."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready

from support.mortal import Mortal

HOME = Path(__file__).parents[2] / ".comfyui"
CHECKPOINT = "tiny-sd15.safetensors"
_START_S = 180.0
_NODES = Path(__file__).with_name("comfyui_nodes.txt")


class RealComfyUI(Mortal):
    """One server on a port of its own. Its queue and history are in memory, and lost when it is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        for name in ("custom_nodes", "input", "output", "temp", "user"):
            (folder / name).mkdir(parents=True)
        (folder / "models").symlink_to(HOME.resolve() / "models")
        (folder / "custom_nodes" / "darkroom_test_nodes.py").write_text(_NODES.read_text())
        super().__init__(self._spec, folder / "log")

    def freeze(self) -> None:
        """Stop the process without ending it: connections stay open and nothing is answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process continue."""
        os.kill(self.pid, signal.SIGCONT)

    def ask(self, path: str, body: Any = None) -> Any:
        """Return the JSON of a route; `body` is posted. Blocks."""
        answer = httpx.get(self.url + path, timeout=30) if body is None else httpx.post(self.url + path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def prompts(self) -> list[str]:
        """Return the ids of the prompts that run and wait."""
        queue = self.ask("/queue")
        return [item[1] for item in (*queue["queue_running"], *queue["queue_pending"])]

    def runs(self) -> int:
        """Return how many prompts this process has begun."""
        return self._log.read_text(errors="replace").count("got prompt")

    def _spec(self) -> ProcessSpec:
        options = {
            "--listen": "127.0.0.1",
            "--port": str(self.port),
            "--base-directory": str(self.folder),
            "--database-url": "sqlite:///:memory:",
            "--front-end-root": str(HOME.resolve() / "front"),
            "--preview-method": "latent2rgb",
        }
        arguments = [part for option in options.items() for part in option]
        switches = ("--cpu", "--disable-auto-launch", "--disable-api-nodes")
        paths = os.pathsep.join(str(HOME.resolve() / name) for name in ("site", "stub"))
        changes = {"PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
        return ProcessSpec(
            name="ComfyUI",
            argv=(sys.executable, "main.py", *switches, *arguments),
            ready=http_ready(self.port, path="/prompt"),
            env={**os.environ, **changes},
            cwd=HOME.resolve() / "server",
            ready_timeout_s=_START_S,
        )


def sampling_graph(*, steps: int = 4, seed: int = 2**64 - 1, text: str = "a red fox", size: int = 64) -> dict[str, Any]:
    """Return a graph that samples on the tiny checkpoint and saves one image."""

    def node(class_type: str, **inputs: Any) -> dict[str, Any]:
        return {"class_type": class_type, "inputs": inputs}

    sampler = {"sampler_name": "euler", "scheduler": "normal", "cfg": 7.0, "denoise": 1.0, "seed": seed, "steps": steps}
    links = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    return {
        "3": node("KSampler", **sampler, **links),
        "4": node("CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
        "5": node("EmptyLatentImage", width=size, height=size, batch_size=1),
        "6": node("CLIPTextEncode", text=text, clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", images=["8", 0], filename_prefix="darkroom/fox"),
    }


def plain_graph(color: int, *, copies: int = 1) -> dict[str, Any]:
    """Return a graph without a model: images of one colour."""
    return {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 64, "height": 48, "batch_size": copies, "color": color}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "darkroom/plain"}},
    }
