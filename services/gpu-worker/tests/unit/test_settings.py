"""Settings come from variables with the documented names."""

from pathlib import Path

import pytest
from gpu_worker.domain.memory.plan import Offload, Policy
from gpu_worker.settings import ModelSettings, WorkerSettings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OBJECT_STORE_URL", tmp_path.as_uri())


def test_shared_settings_have_plain_names_and_the_workers_own_a_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://elsewhere:6379/1")
    monkeypatch.setenv("OBJECT_STORE_URL", "s3://bucket/prefix")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("GPU_WORKER_PORT", "4003")
    monkeypatch.setenv("GPU_WORKER_ID", "box-1")
    settings = WorkerSettings.load()
    assert (settings.redis_url, settings.object_store_url) == ("redis://elsewhere:6379/1", "s3://bucket/prefix")
    assert (settings.log_level, settings.port, settings.id) == ("DEBUG", 4003, "box-1")


def test_the_object_store_must_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBJECT_STORE_URL")
    with pytest.raises(SystemExit, match="OBJECT_STORE_URL: Field required"):
        WorkerSettings.load()


def test_the_models_of_a_profile_are_read_without_the_settings_of_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBJECT_STORE_URL")
    monkeypatch.setenv("GPU_WORKER_PROFILE", "full")
    assert ModelSettings.load().profile == "full"


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_WORKER_MODELS", "sdxl-base-1.0, qwen2.5-7b-instruct")
    monkeypatch.setenv("GPU_WORKER_PRELOAD", "none")
    settings = WorkerSettings.load()
    assert settings.models == ("sdxl-base-1.0", "qwen2.5-7b-instruct")
    assert settings.preload == ()


def test_what_is_not_set_is_left_to_the_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GPU_WORKER_PRELOAD", raising=False)
    settings = WorkerSettings.load()
    assert (settings.profile, settings.models, settings.preload) == ("mini", (), None)


def test_a_wrong_setting_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_WORKER_LEASE_S", "soon")
    with pytest.raises(SystemExit, match="GPU_WORKER_LEASE_S: "):
        WorkerSettings.load()


@pytest.mark.parametrize("device", ["0", "cpu", "GPU-5c0a3c77-1111-2222-3333-444455556666", "MIG-a1b2c3"])
def test_a_device_is_an_index_a_uuid_or_the_cpu(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setenv("GPU_WORKER_DEVICE", device)
    assert ModelSettings.load().device == device


@pytest.mark.parametrize("device", ["cuda:0", "0,1", "-1", "gpu"])
def test_another_device_is_refused_by_its_variable(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    monkeypatch.setenv("GPU_WORKER_DEVICE", device)
    with pytest.raises(SystemExit, match="GPU_WORKER_DEVICE"):
        ModelSettings.load()


def test_the_memory_settings_are_those_that_the_check_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OBJECT_STORE_URL")
    monkeypatch.setenv("GPU_WORKER_MEMORY_GB", "10.5")
    monkeypatch.setenv("GPU_WORKER_OFFLOAD", "never")
    monkeypatch.setenv("GPU_WORKER_MAX_BATCH", "2")
    settings = ModelSettings.load()
    assert (settings.memory_gb, settings.policy) == (10.5, Policy(Offload.NEVER, tiling=False, max_batch=2))


def test_a_connector_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPU_WORKER_CONNECTORS", "local,teleport")
    with pytest.raises(SystemExit, match="GPU_WORKER_CONNECTORS"):
        WorkerSettings.load()
