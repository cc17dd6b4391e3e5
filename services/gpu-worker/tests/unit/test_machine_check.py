"""The verdict of `darkroom worker check`."""

from gpu_worker.machine.check import GIGABYTE, CheckReport, Gpu, Machine, check_machine, model_need
from gpu_worker.machine.probe import parse_gpus
from gpu_worker.models.profile_loader import load_profile

CARD_48 = Gpu(name="NVIDIA RTX 6000 Ada Generation", memory_bytes=48 * GIGABYTE)
CARD_16 = Gpu(name="NVIDIA GeForce RTX 4080", memory_bytes=16 * GIGABYTE)


def report(
    profile_name: str, *gpus: Gpu, disk_gb: int = 500, torch: str | None = "2.13.0", present: float = 0.0
) -> CheckReport:
    profile = load_profile(profile_name)
    machine = Machine(
        gpus=gpus,
        ram_bytes=64 * GIGABYTE,
        free_disk_bytes=disk_gb * GIGABYTE,
        disk="/models",
        packages={"torch": torch},
    )
    needs = [model_need(name, entry, int(entry.disk_bytes * present)) for name, entry in profile.models.items()]
    return check_machine(profile, machine, needs, lost=())


def test_a_large_card_runs_the_full_profile() -> None:
    assert report("full", CARD_48).runs


def test_the_full_profile_does_not_run_without_a_card() -> None:
    assert any("no CUDA GPU" in problem for problem in report("full").problems)


def test_the_tiny_profile_runs_anywhere() -> None:
    assert report("tiny", disk_gb=1).runs


def test_too_small_a_disk_is_a_problem_until_the_models_are_there() -> None:
    assert any("free" in problem for problem in report("full", CARD_48, disk_gb=20).problems)
    assert report("full", CARD_48, disk_gb=20, present=0.99).runs


def test_a_small_card_runs_with_advice_about_what_gets_slower() -> None:
    checked = report("full", CARD_16)
    assert checked.runs
    assert any("wan2.1-t2v-1.3b" in advice and "offload" in advice for advice in checked.advice)
    assert any("take turns" in advice for advice in checked.advice)


def test_missing_packages_are_named() -> None:
    assert any("torch" in problem for problem in report("tiny", torch=None).problems)


def test_the_report_says_how_much_is_to_come() -> None:
    missing = {model.name: model.missing_bytes for model in report("full", CARD_48).models}
    assert missing["sdxl-base-1.0"] == 7_300_000_000
    assert all(model.missing_bytes == 0 for model in report("full", CARD_48, present=1.0).models)


def test_the_drivers_table_is_read() -> None:
    table = "NVIDIA RTX 6000 Ada Generation, 49140\nNVIDIA H100, 80GB HBM3, 81559\n"
    assert [gpu.name for gpu in parse_gpus(table)] == ["NVIDIA RTX 6000 Ada Generation", "NVIDIA H100, 80GB HBM3"]
    assert parse_gpus(table)[0].memory_bytes == 49140 * 1024 * 1024
