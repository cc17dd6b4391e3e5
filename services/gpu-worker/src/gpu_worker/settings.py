"""Settings of the worker, from environment variables."""

import os
import socket
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

from darkroom_chassis.settings import LogFormat, ServiceSettings
from pydantic import AliasChoices, Field, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from gpu_worker.domain.memory.plan import Offload, Policy

_DEVICE = r"^(cpu|\d{1,3}|GPU-[0-9a-fA-F-]+|MIG-[0-9a-zA-Z/-]+)$"


def _default_models_dir() -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "darkroom", "models")


class ModelSettings(ServiceSettings):
    """The models that a worker offers and their device. `darkroom worker check` needs no other settings."""

    model_config = SettingsConfigDict(env_prefix="GPU_WORKER_", populate_by_name=True)

    profile: str = "mini"
    models_dir: Path = Field(default_factory=_default_models_dir)
    models_file: Path | None = None
    sdxl_checkpoint: Path | None = None
    models: Annotated[tuple[str, ...], NoDecode] = ()
    """Models to offer, comma separated; empty means all models of the profile."""
    preload: Annotated[tuple[str, ...] | None, NoDecode] = None
    """Models to obtain first and to load once they are here, comma separated, or `none`; by default the profile's."""
    loras_dir: Path | None = None
    """Folder of LoRAs for SDXL; by default `loras` in the models folder."""

    device: str | None = Field(default=None, pattern=_DEVICE)
    """The GPU by its index, its UUID or the UUID of a MIG instance, as `nvidia-smi -L` lists them, or `cpu`."""
    memory_gb: float | None = Field(default=None, gt=0)
    """The most memory of the device that the worker uses, in GiB; by default all that is free."""
    offload: Literal["auto", "never", "always"] = "auto"
    vae_tiling: bool = False
    max_batch: int = Field(default=64, ge=1)

    @property
    def lora_folder(self) -> Path:
        """Return the folder of LoRAs."""
        return self.loras_dir or self.models_dir / "loras"

    @property
    def policy(self) -> Policy:
        """Return the settings that the memory planner obeys."""
        return Policy(Offload(self.offload), self.vae_tiling, self.max_batch)

    @field_validator("models", "preload", mode="before")
    @classmethod
    def _split_models(cls, value: object) -> object:
        return _split(value)


class BackendSettings(ServiceSettings):
    """The external back ends that a worker serves."""

    model_config = SettingsConfigDict(env_prefix="GPU_WORKER_", populate_by_name=True)

    backends_file: Path | None = None
    """YAML list of external back ends and of the credentials for them; docs/back-ends.md describes it."""
    backends: Annotated[tuple[str, ...], NoDecode] = ()
    """More back ends, comma separated, each as `type=url`, such as `comfyui=http://127.0.0.1:8188`."""

    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    """Private networks to which `fetch_api` jobs may send requests, comma separated. None by default."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts to which they may, whatever their addresses are, comma separated, such as `studio.lan` or `*.lan`."""

    @field_validator("backends", "allowed_networks", "allowed_hosts", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        return _split(value)


class WorkerSettings(ModelSettings, BackendSettings):
    """All settings of the service. Shared settings have plain names; the worker's own begin with GPU_WORKER_."""

    redis_url: str = Field(default="redis://127.0.0.1:6379/0", validation_alias="REDIS_URL")
    object_store_url: str = Field(validation_alias="OBJECT_STORE_URL")
    """Where outputs are stored, as an obstore URL: file:///…, s3://…, gs://…, az://…"""
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", validation_alias="LOG_LEVEL")
    log_format: LogFormat = Field(default=LogFormat.JSON, validation_alias="LOG_FORMAT")

    drain_s: float = Field(default=10.0, ge=0, le=3600, validation_alias=AliasChoices("GPU_WORKER_DRAIN_S", "DRAIN_S"))
    """How long a stopping worker waits for steps in progress before it returns them to the queue, in seconds."""

    host: str = "127.0.0.1"
    port: int = Field(default=3003, ge=0, le=65535)
    id: str = Field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}", min_length=1, max_length=200)
    machine_id: str = Field(default_factory=socket.gethostname)
    connectors: Annotated[tuple[Literal["local", "simulated"], ...], NoDecode] = ("local", "simulated")
    """Connectors to offer beside the back ends, comma separated, or `none`."""
    simulated_faults: bool = False
    """Whether payloads of `simulation` may crash, stop or slow down this worker. For tests of a fleet only."""
    concurrency: int = Field(default=1, ge=1, le=1000)
    """Steps in progress at once. The GPU always runs one at a time; higher values are for simulated work."""
    lease_s: float = Field(default=12.0, ge=1)
    """How long the queue waits for a heartbeat before it hands this worker's steps to another, in seconds."""
    spool_dir: Path | None = None
    """Where outputs wait for their upload; by default the system's folder for temporary files."""
    upload_patience_s: float = Field(default=300.0, ge=0, le=3600)
    """How long a refused upload is tried again before the attempt fails, in seconds. No step is claimed meanwhile."""

    start_timeout_s: float = Field(default=600.0, gt=0)
    """Limit until the first sign of life of the GPU process, in seconds. Downloads and loads do not count."""
    child_patience_s: float = Field(default=60.0, gt=0)
    """After so many seconds without a GPU process, steps in progress return to the queue and no more are taken."""
    silence_s: float = Field(default=20.0, gt=0)
    """A GPU process that sends no heartbeat for so many seconds is killed."""
    stall_s: float = Field(default=600.0, gt=0)
    """A step that reports nothing for so many seconds fails. Loading a model or decoding a video takes minutes."""
    stop_grace_s: float = Field(default=8.0, gt=0, lt=10)
    """Seconds that a stopped step may take at most before its process is killed; less than the queue's limit of 10 s.
    Once the time between two reports of its stage is known, three times that, and at least 2 s."""

    @field_validator("connectors", mode="before")
    @classmethod
    def _split_connectors(cls, value: object) -> object:
        return _split(value)


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip() not in ("", "none"))
