"""The simulation of autoscaling repeats itself, and simulates the rules that the manifests contain."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from darkroom_schemas.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "autoscaling"
POOLS = ROOT / "deploy" / "kubernetes" / "components" / "autoscaling" / "pools.yaml"


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Load the program of `make bench-autoscaling`."""
    monkeypatch.syspath_prepend(FOLDER)
    spec = importlib.util.spec_from_file_location("bench_autoscaling", FOLDER / "__main__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_the_same_seed_gives_the_same_figures(program: ModuleType) -> None:
    first, again, other = (list(program.rows(seed, ["burst"])) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_step_is_done_and_workers_leave(program: ModuleType) -> None:
    length_s, steps = program.arrivals("burst", program.Kind(8, 14), scale=1.0, seed=1)
    fleet = program.Fleet(program.by_length, cold_start_s=30, most=8, median_s=8, slow_s=14)
    outcome = fleet.run(length_s, steps)
    assert sum(map(len, outcome.waits_s.values())) == len(steps)
    assert outcome.worker_s >= sum(step.service_s for step in steps)
    assert outcome.most == 8
    assert outcome.worker_s < 8 * length_s


@pytest.mark.parametrize(("pool", "kind"), [("gpu-worker-image", "image"), ("gpu-worker-video", "video")])
def test_the_simulated_thresholds_are_those_of_the_manifest(program: ModuleType, pool: str, kind: str) -> None:
    [manifest] = [one for one in yaml.safe_load_all(POOLS.read_text()) if one["metadata"]["name"] == pool]
    thresholds = [float(trigger["metadata"]["threshold"]) for trigger in manifest["spec"]["triggers"]]
    _, _, per_worker_s, upper_s, most = program.KINDS[kind]
    assert (thresholds, manifest["spec"]["maxReplicaCount"]) == ([per_worker_s, upper_s], most)


@pytest.mark.parametrize("pool", ["image", "video"])
def test_every_job_type_of_a_pools_models_wakes_the_pool(pool: str) -> None:
    deployment = yaml.safe_load((POOLS.parents[1] / "gpu-pools" / f"{pool}.yaml").read_text())
    env = {one["name"]: one.get("value") for one in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
    served = {name for name, one in CATALOGUE.items() if one.model in env["GPU_WORKER_MODELS"].split(",")}
    [scaled] = [one for one in yaml.safe_load_all(POOLS.read_text()) if one["metadata"]["name"] == f"gpu-worker-{pool}"]
    for trigger in scaled["spec"]["triggers"]:
        found = re.search('type=~"([^"]+)"', trigger["metadata"]["query"])
        assert found is not None
        assert {name for name in CATALOGUE if re.fullmatch(found[1], name)} == served
