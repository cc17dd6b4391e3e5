"""A family of models is named in its folder, in the registry and in data files, and nowhere else in code."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from darkroom_schemas.families import FAMILIES
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.profile_loader import load_profile
from gpu_worker.pipelines.families import REGISTRY
from gpu_worker.pipelines.family import PipelineFamily

from contract.repository import ROOT, own_files

WORKER = "services/gpu-worker/src/gpu_worker"
FOLDERS = tuple(f"{WORKER}/pipelines/{family.name}/" for family in REGISTRY)
EXCEPTIONS = {
    # The registry.
    f"{WORKER}/pipelines/families.py",
    # Say what a file is, also for families that the worker does not run.
    f"{WORKER}/domain/checkpoints/kind.py",
    # A tokenizer that two families share.
    f"{WORKER}/models/tiny/qwen_vocabulary.py",
    # The setting GPU_WORKER_SDXL_CHECKPOINT, by which operators replace the weights of one shipped model.
    *(f"{WORKER}/settings.py", f"{WORKER}/models/profile_loader.py", f"{WORKER}/wiring/profiles.py"),
    # A workflow that a migration inserted.
    "services/platform-api/src/platform_api/migrations/versions/0008_collections.py",
    # The OurVidz protocol has a member isSDXL.
    "services/platform-api/src/platform_api/routes/dialects/ourvidz/mapping.py",
}
WORDS = {family.name for family in REGISTRY}
SPELLINGS = {word for family in REGISTRY for word in (family.name, *family.serves)} - {"prompt"}
"""Strings that name a family; `prompt` is also a field of every payload."""
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMED = re.compile(rf"(?:^|_)({'|'.join(sorted(WORDS))})(?:_|$)")


def named_families(source: str) -> Iterator[str]:
    """Yield the identifiers and the strings of a module that name a family; docstrings and comments may."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str(name)):
                pass
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                pass
            case ast.Constant(value=str(text)):
                if text in SPELLINGS:
                    yield text
                continue
            case _:
                continue
        if _NAMED.search(_CAMEL.sub("_", name).lower()):
            yield name


def test_names_of_families_are_found() -> None:
    source = "SDXL_SIDE = 1\nclass WanState: ...\nf('wan_image', qwen=model.isZ_Image)"
    assert set(named_families(source)) == {"SDXL_SIDE", "WanState", "wan_image", "qwen", "isZ_Image"}
    assert list(named_families('"""SDXL and WAN"""\nwanted = "an SDXL checkpoint"  # qwen')) == []


def test_no_other_module_names_a_family() -> None:
    found: dict[str, set[str]] = {}
    for file in own_files(".py"):
        path = str(file.relative_to(ROOT))
        names = set(named_families(file.read_text())) if "/src/" in path and not path.startswith(FOLDERS) else set()
        if names:
            found[path] = names
    assert {path: names for path, names in found.items() if path not in EXCEPTIONS} == {}
    assert found.keys() == EXCEPTIONS, "an exception that is not needed"


def test_every_folder_with_a_declaration_is_registered_and_kept_apart() -> None:
    declared = {file.parent.name for file in Path(ROOT, WORKER, "pipelines").glob("*/family.py")}
    assert declared == WORDS
    contracts = tomllib.loads(Path(ROOT, "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    modules = {f"gpu_worker.pipelines.{name}" for name in declared}
    assert modules in [set(contract["modules"]) for contract in contracts if contract["type"] == "independence"]
    assert modules in [set(contract["protected_modules"]) for contract in contracts if contract["type"] == "protected"]


@pytest.mark.parametrize("family", REGISTRY, ids=lambda family: family.name)
def test_a_family_has_its_entries_in_the_data_files(family: PipelineFamily) -> None:
    assert set(family.serves) <= FAMILIES.keys()
    assert family.architecture in shipped_book()
    assert set(family.serves) <= load_profile("tiny").scales.keys()
    for profile in ("tiny", "full"):
        assert family.name in {entry.family for entry in load_profile(profile).models.values()}
