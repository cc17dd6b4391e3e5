"""The device that a worker computes on. No machine of the tests has a GPU, so torch's answers are given."""

import asyncio
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from gpu_worker.domain.memory.card import CPU, CUDA
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.runtime.child_process import ChildProcess
from gpu_worker.runtime.device import NoDevice, choose_device
from gpu_worker.runtime.ram import available_ram_bytes, total_ram_bytes

GIB = 1024**3


@pytest.fixture
def fractions(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let torch see a GPU of 24 GiB of which 20 are free and 2 are held by this process; return the limits set."""
    limits: list[float] = []
    properties = SimpleNamespace(name="NVIDIA", total_memory=24 * GIB)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: properties)
    monkeypatch.setattr(torch.cuda, "set_per_process_memory_fraction", limits.append)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (20 * GIB, 24 * GIB))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda: 2 * GIB)
    return limits


def test_the_card_is_what_the_driver_says_is_free_and_what_is_held_already(fractions: list[float]) -> None:
    card = choose_device((CUDA,), None).card(loaded_bytes=GIB)
    assert (card.total_bytes, card.usable_bytes) == (24 * GIB, 22 * GIB)
    assert fractions == []


def test_a_limit_is_set_in_the_allocator_and_counts_in_every_plan(fractions: list[float]) -> None:
    card = choose_device((CUDA,), 6).card(loaded_bytes=0)
    assert card.usable_bytes == 6 * GIB
    assert fractions == [0.25]


def test_a_limit_above_the_card_is_no_limit(fractions: list[float]) -> None:
    assert choose_device((CUDA,), 100).card(0).limit_bytes == 24 * GIB
    assert fractions == []


def test_full_never_falls_back_to_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(NoDevice, match="GPU_WORKER_DEVICE=cpu"):
        choose_device(load_profile("full").devices, None)


def test_a_cpu_uses_at_most_seven_tenths_of_the_main_memory() -> None:
    card = choose_device((CPU,), None).card(loaded_bytes=0)
    assert card.usable_bytes <= 0.7 * total_ram_bytes() + 1
    assert choose_device((CPU,), 0.001).card(0).usable_bytes == int(0.001 * GIB)


async def test_the_gpu_process_sees_the_chosen_gpu_only(tmp_path: Path) -> None:
    place = tmp_path / "environment"
    program = f"import json, os; open({str(place)!r}, 'w').write(json.dumps(dict(os.environ)))"
    child = await ChildProcess.start((sys.executable, "-c", program), gpu="MIG-a1b2c3")
    async with asyncio.timeout(60):
        assert await child.receive() is None
    await child.end()
    seen = json.loads(place.read_text())
    assert (seen["CUDA_VISIBLE_DEVICES"], seen["CUDA_DEVICE_ORDER"]) == ("MIG-a1b2c3", "PCI_BUS_ID")


def test_the_limit_of_a_control_group_is_the_memory_of_the_machine(tmp_path: Path) -> None:
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 100 kB\nMemAvailable:   50 kB\n")
    assert available_ram_bytes(tmp_path) == 50 * 1024
    (group / "memory.max").write_text("max\n")
    assert available_ram_bytes(tmp_path) == 50 * 1024
    (group / "memory.max").write_text("40960\n")
    (group / "memory.current").write_text("30720\n")
    (group / "memory.stat").write_text("anon 1\ninactive_file 10240\n")
    assert total_ram_bytes(tmp_path) == 40960
    assert available_ram_bytes(tmp_path) == 20480
