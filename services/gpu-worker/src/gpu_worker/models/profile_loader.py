"""Loads a profile from the shipped YAML lists and the operator's own list of models."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gpu_worker.models.files import with_checkpoint, with_own_vae
from gpu_worker.models.footprint_book import shipped_book
from gpu_worker.models.footprints import architecture_of
from gpu_worker.models.profile import Profile
from gpu_worker.models.registry import ModelEntry, checkpoint_source

_SDXL = "sdxl-base-1.0"


class RegistryError(Exception):
    """A profile or a model list is not valid; the message names the file and the field."""


def load_profile(
    name: str,
    *,
    models_file: Path | None = None,
    sdxl_checkpoint: Path | None = None,
    only: tuple[str, ...] = (),
    preload: tuple[str, ...] | None = None,
) -> Profile:
    """Return the profile `name` with the operator's settings applied; raises RegistryError.

    `models_file` adds and replaces models, `sdxl_checkpoint` replaces the SDXL weights, `only` restricts the models,
    and `preload` replaces the profile's list of models to load at the start.
    """
    shipped = files("gpu_worker") / "registry"
    profiles = _read_mapping(shipped.joinpath("profiles.yaml").read_text(), "profiles.yaml")
    if name not in profiles:
        raise RegistryError(f"no profile {name!r}; there are: {', '.join(sorted(profiles))}")
    models = _models_of(name, shipped.joinpath("models.yaml").read_text(), "models.yaml")
    if models_file is not None:
        models |= _models_of(name, _read_file(models_file), str(models_file))
    _require_footprints(models)
    profile = _validated(profiles[name] | {"name": name, "models": models}, name)
    if sdxl_checkpoint is not None:
        profile = _with_checkpoint(profile, sdxl_checkpoint)
    if only:
        profile = _reduced(profile, only)
    return profile if preload is None else _preloading(profile, preload)


def _require_footprints(models: dict[str, ModelEntry]) -> None:
    for name, entry in models.items():
        architecture = architecture_of(entry)
        if architecture not in shipped_book():
            known = ", ".join(shipped_book())
            raise RegistryError(f"{name}.footprint: no {architecture!r}; there are: {known}")


def _reduced(profile: Profile, only: tuple[str, ...]) -> Profile:
    _require_known(profile, only, "GPU_WORKER_MODELS")
    preload = tuple(name for name in profile.preload if name in only)
    return profile.model_copy(update={"models": {name: profile.models[name] for name in only}, "preload": preload})


def _preloading(profile: Profile, names: tuple[str, ...]) -> Profile:
    _require_known(profile, names, "GPU_WORKER_PRELOAD")
    return profile.model_copy(update={"preload": names})


def _require_known(profile: Profile, names: tuple[str, ...], setting: str) -> None:
    for name in names:
        if name not in profile.models:
            known = ", ".join(profile.models)
            raise RegistryError(f"{setting}: profile {profile.name!r} has no {name!r}; it has: {known}")


def _with_checkpoint(profile: Profile, path: Path) -> Profile:
    if not path.exists():
        raise RegistryError(f"GPU_WORKER_SDXL_CHECKPOINT: no such file or folder: {path}")
    try:
        source = checkpoint_source(path)
    except ValidationError as error:
        raise RegistryError(f"GPU_WORKER_SDXL_CHECKPOINT: {_problems(error)}") from error
    entry = with_checkpoint(profile.models[_SDXL], source)
    return profile.model_copy(update={"models": profile.models | {_SDXL: entry}})


def _read_file(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise RegistryError(f"GPU_WORKER_MODELS_FILE: cannot read {path}: {error.strerror}") from error


def _read_mapping(text: str, origin: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RegistryError(f"{origin}: not YAML: {error}") from error
    if not isinstance(content, dict):
        raise RegistryError(f"{origin}: expected a mapping at the top")
    return content


def _models_of(profile: str, text: str, origin: str) -> dict[str, ModelEntry]:
    profiles = _read_mapping(text, origin).get("profiles")
    if not isinstance(profiles, dict):
        raise RegistryError(f"{origin}: profiles: expected a mapping of profile names")
    models = {}
    for name, raw in (profiles.get(profile) or {}).items():
        try:
            models[name] = with_own_vae(ModelEntry.model_validate(raw))
        except ValidationError as error:
            raise RegistryError(f"{origin}: profiles.{profile}.{name}.{_problems(error)}") from error
    return models


def _validated(raw: dict[str, Any], name: str) -> Profile:
    try:
        return Profile.model_validate(raw)
    except ValidationError as error:
        raise RegistryError(f"profiles.yaml: {name}.{_problems(error)}") from error


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )
