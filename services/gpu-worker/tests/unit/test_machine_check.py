"""The verdict of `darkroom worker check`, and that the worker registers exactly what it says."""

from pathlib import Path

import pytest
from darkroom_schemas.catalogue import CATALOGUE, Connector
from gpu_worker.connectors.local import LocalConnector
from gpu_worker.domain.memory.card import CONTEXT_BYTES
from gpu_worker.domain.memory.plan import GIGABYTE, Offload
from gpu_worker.domain.model_states import all_ready
from gpu_worker.domain.step_router import StepRouter
from gpu_worker.machine.check import CheckReport
from gpu_worker.machine.facts import Gpu, Machine, TorchBuild
from gpu_worker.models.profile_loader import RegistryError, load_profile
from gpu_worker.runtime.messages import Ready
from gpu_worker.settings import ModelSettings
from gpu_worker.wiring.check import report_on
from gpu_worker.wiring.profiles import read_profile
from gpu_worker.wiring.registration import capabilities
from hypothesis import given, settings
from hypothesis import strategies as st

GIB = 1024**3
RAM = 64 * GIGABYTE
CUDA_BUILD = TorchBuild(cuda="12.8", hip=None)


@pytest.fixture(autouse=True)
def no_downloads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the test an empty cache of the hub, and no settings of this machine."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def gpu(gib: float, index: int = 0, **changes: object) -> Gpu:
    facts = {
        "index": index,
        "name": f"NVIDIA {gib:g} GiB",
        "uuid": f"GPU-{index}0000000-0000-0000-0000-000000000000",
        "memory_bytes": round(gib * GIB),
        "free_bytes": round(gib * GIB),
        "driver": "570.86.10",
        "compute_capability": "8.9",
    }
    return Gpu.model_validate(facts | changes)


def machine(*gpus: Gpu, disk_gb: int = 500, ram: int = RAM, **changes: object) -> Machine:
    facts = {
        "gpus": gpus,
        "ram_bytes": ram,
        "free_disk_bytes": disk_gb * GIGABYTE,
        "disk": "/models",
        "packages": {"torch": "2.13.0"},
        "torch": CUDA_BUILD,
    }
    return Machine.model_validate(facts | changes)


def report(on: Machine, **settings: object) -> CheckReport:
    chosen = ModelSettings.load().model_copy(update={"profile": "full"} | settings)
    return report_on(on, chosen, read_profile(chosen))


def admitted(checked: CheckReport, device: int = 0) -> set[str]:
    return {verdict.job_type for verdict in checked.devices[device].types if verdict.is_admitted}


def test_a_large_card_takes_every_job_type() -> None:
    checked = report(machine(gpu(48)), models=tuple(load_profile("full").models))
    assert checked.runs
    assert admitted(checked) == {e.name for e in CATALOGUE.values() if e.connector is Connector.LOCAL}


def test_a_model_on_request_is_offered_where_the_settings_name_it() -> None:
    assert "z_image_turbo" not in admitted(report(machine(gpu(48))))
    assert "z_image_turbo" in admitted(report(machine(gpu(48)), preload=("z-image-turbo",)))
    assert admitted(report(machine(gpu(48)), models=("z-image-turbo",))) == {"z_image_turbo"}


def test_the_full_profile_does_not_run_without_a_card() -> None:
    checked = report(machine())
    assert any("no CUDA GPU" in problem for problem in checked.problems)
    assert checked.devices == ()


def test_the_full_profile_runs_on_a_cpu_only_if_it_is_told_to() -> None:
    checked = report(machine(), device="cpu")
    assert checked.runs
    assert [device.name for device in checked.devices] == ["cpu"]


def test_the_tiny_profile_runs_anywhere() -> None:
    assert report(machine(disk_gb=1), profile="tiny").runs


def test_too_small_a_disk_is_a_problem() -> None:
    assert any("free" in problem for problem in report(machine(gpu(48), disk_gb=20)).problems)


def test_a_small_card_takes_what_fits_and_says_how() -> None:
    checked = report(machine(gpu(12)))
    assert checked.runs
    by_type = {verdict.job_type: verdict for verdict in checked.devices[0].types}
    assert by_type["sdxl_image_fast"].placement == "resident"
    assert by_type["video_fast"].tiled
    refused = by_type["prompt_enhance"]
    assert not refused.is_admitted
    assert str(refused.reason) == "GPU memory to write: 16.3 GB needed, 12.4 GB free"
    assert any("take turns" in line for line in checked.advice)


def test_a_card_on_which_nothing_fits_is_a_problem() -> None:
    assert any("no job type fits" in problem for problem in report(machine(gpu(4))).problems)


def test_a_torch_without_cuda_beside_a_gpu_is_a_problem() -> None:
    checked = report(machine(gpu(24), torch=TorchBuild(cuda=None, hip=None), packages={"torch": "2.13.0+cpu"}))
    assert any("2.13.0+cpu is built without CUDA" in problem for problem in checked.problems)
    assert not checked.runs


def test_an_old_driver_and_an_old_card_are_problems() -> None:
    assert any("driver 470.1 is too old" in line for line in report(machine(gpu(24, driver="470.1"))).problems)
    assert any("compute capability 6.1" in line for line in report(machine(gpu(24, compute_capability="6.1"))).problems)


def test_a_card_that_torch_cannot_use_beside_one_that_it_can_is_left_out_with_a_note() -> None:
    checked = report(machine(gpu(24), gpu(24, 1, compute_capability="5.2")))
    assert checked.runs
    assert len(checked.devices) == 1
    assert any("GPU 1 is not used" in line for line in checked.advice)


def test_every_card_is_reported_and_a_setting_selects_one() -> None:
    two = machine(gpu(8), gpu(24, 1))
    assert [device.total_bytes // GIB for device in report(two).devices] == [8, 24]
    assert [device.total_bytes // GIB for device in report(two, device="1").devices] == [24]
    assert [device.total_bytes // GIB for device in report(two, device="GPU-00000000").devices] == [8]
    with pytest.raises(RegistryError, match="GPU_WORKER_DEVICE: no GPU '7'; there are: 0"):
        report(two, device="7")


def test_the_memory_that_others_hold_and_the_operators_limit_count() -> None:
    assert "prompt_enhance" not in admitted(report(machine(gpu(24, free_bytes=10 * GIB))))
    assert "prompt_enhance" not in admitted(report(machine(gpu(24)), memory_gb=10.0))
    assert "prompt_enhance" in admitted(report(machine(gpu(24))))


def test_main_memory_counts() -> None:
    checked = report(machine(gpu(12), ram=8 * GIGABYTE))
    refused = next(verdict for verdict in checked.devices[0].types if verdict.job_type == "video_fast")
    assert "main memory" in str(refused.reason)


def test_offload_and_batch_settings_count() -> None:
    assert "video_fast" not in admitted(report(machine(gpu(12)), offload="never"))
    checked = report(machine(gpu(24)), max_batch=2)
    assert next(verdict for verdict in checked.devices[0].types if verdict.job_type == "sdxl_image_fast").batch == 2


def test_missing_packages_are_named() -> None:
    assert any("torch" in problem for problem in report(machine(packages={"torch": None}), profile="tiny").problems)


def test_the_report_says_how_much_is_to_come() -> None:
    missing = {model.name: model.missing_bytes for model in report(machine(gpu(48))).models}
    assert missing["sdxl-base-1.0"] == 7_300_000_000


def test_of_a_local_checkpoint_only_the_replacing_vae_is_to_come(tmp_path: Path) -> None:
    """Its own bytes are here, whatever the size of the published checkpoint is."""
    checkpoint = tmp_path / "own.safetensors"
    checkpoint.write_bytes(b"\0" * 1000)
    checked = report(machine(gpu(48)), sdxl_checkpoint=checkpoint)
    sdxl = next(model for model in checked.models if model.name == "sdxl-base-1.0")
    assert (sdxl.present_bytes, sdxl.missing_bytes) == (1000, 335_000_000)


def test_a_model_whose_file_is_none_takes_its_own_job_types_only(tmp_path: Path) -> None:
    checkpoint = tmp_path / "own.safetensors"
    checkpoint.write_text("<html>Please log in</html>")
    checked = report(machine(gpu(48)), sdxl_checkpoint=checkpoint)
    assert checked.runs
    assert "own.safetensors is a web page" in checked.faults["sdxl-base-1.0"]
    refused = {verdict.job_type: verdict for verdict in checked.devices[0].types if not verdict.is_admitted}
    assert {verdict.model for verdict in refused.values()} == {"sdxl-base-1.0"}
    assert "web page" in str(refused["sdxl_image_fast"].reason)
    assert "video_fast" in admitted(checked)


def test_a_machine_whose_only_model_cannot_be_loaded_does_not_run(tmp_path: Path) -> None:
    checked = report(machine(gpu(48)), sdxl_checkpoint=tmp_path, models=("sdxl-base-1.0",))
    assert checked.problems == ("no model can be loaded",)


class _NoConnection:
    """A connector's surroundings; registration uses none of them."""


def _registered(
    chosen: ModelSettings, ready: Ready | None, ram: int, ready_models: tuple[str, ...] | None = None
) -> tuple[set[str], int]:
    profile = read_profile(chosen)
    nothing: object = _NoConnection()
    states = all_ready(profile.models if ready_models is None else ready_models)
    connector = LocalConnector(nothing, profile, nothing, nothing, states)  # type: ignore[arg-type]  # see above
    found = capabilities(chosen, profile, StepRouter([connector]), ready, ram_bytes=ram)
    return set(found.types), found.vram_gb


@settings(max_examples=60, deadline=None)
@given(
    gib=st.sampled_from([6, 8, 10, 12, 16, 24, 48, 80]),
    others_gb=st.sampled_from([0, 1, 4, 15]),
    ram_gb=st.sampled_from([8, 16, 32, 64]),
    offload=st.sampled_from(list(Offload)),
    limit_gb=st.sampled_from([None, 6.0, 20.0]),
    max_batch=st.sampled_from([1, 64]),
)
def test_the_check_and_the_registration_never_disagree(
    gib: int, others_gb: int, ram_gb: int, offload: Offload, limit_gb: float | None, max_batch: int
) -> None:
    free = max(0, gib * GIB - others_gb * GIGABYTE)
    ram = ram_gb * GIGABYTE
    chosen: dict[str, object] = {"offload": offload.value, "memory_gb": limit_gb, "max_batch": max_batch}
    checked = report(machine(gpu(gib, free_bytes=free), ram=ram), **chosen)
    limit = None if limit_gb is None else int(limit_gb * GIB)
    left = max(0, free - CONTEXT_BYTES)
    ready = Ready(
        device="cuda",
        device_name=f"NVIDIA {gib:g} GiB",
        memory_bytes=gib * GIB,
        usable_bytes=left if limit is None else min(left, limit),
        limit_bytes=limit,
    )
    full = ModelSettings.load().model_copy(update={"profile": "full"} | chosen)
    types, advertised_gb = _registered(full, ready, ram)
    assert types == admitted(checked)
    assert advertised_gb == (gib if limit_gb is None else round(min(gib, limit_gb)))


def test_a_full_worker_on_a_cpu_advertises_no_gpu_memory() -> None:
    chosen = ModelSettings.load().model_copy(update={"profile": "full", "device": "cpu"})
    ready = Ready(device="cpu", device_name="cpu", memory_bytes=RAM, usable_bytes=RAM * 7 // 10)
    assert _registered(chosen, ready, RAM)[1] == 0


def test_a_tiny_worker_takes_every_job_type_and_advertises_its_profiles_capacity() -> None:
    ready = Ready(device="cpu", device_name="cpu", memory_bytes=4 * GIB, usable_bytes=2 * GIB)
    types, capacity = _registered(ModelSettings.load().model_copy(update={"profile": "tiny"}), ready, 4 * GIB)
    assert types == {entry.name for entry in CATALOGUE.values() if entry.connector is Connector.LOCAL}
    assert capacity == 48


def test_only_the_job_types_of_ready_models_are_registered() -> None:
    ready = Ready(device="cpu", device_name="cpu", memory_bytes=4 * GIB, usable_bytes=2 * GIB)
    tiny = ModelSettings.load().model_copy(update={"profile": "tiny"})
    types, _ = _registered(tiny, ready, 4 * GIB, ("qwen2.5-7b-instruct",))
    assert types == {entry.name for entry in CATALOGUE.values() if entry.model == "qwen2.5-7b-instruct"}
    assert _registered(tiny, ready, 4 * GIB, ())[0] == set()
