"""The composition root of `darkroom models …`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from gpu_worker.models.files import ModelFiles
from gpu_worker.models.obtain import obtain
from gpu_worker.models.profile import Profile
from gpu_worker.models.profile_loader import RegistryError
from gpu_worker.models.registry import TinySource, describe
from gpu_worker.models.storage import Damage, Stored, remove, stored_bytes, stored_state, verify
from gpu_worker.models.transfer import Cancellation, Report
from gpu_worker.wiring.check import read_settings
from gpu_worker.wiring.profiles import read_profile

_ALL = "all"


class DescribedModel(BaseModel):
    """A model of the profile and what of it is on this machine."""

    model_config = ConfigDict(frozen=True)

    name: str
    family: str
    source: str
    disk_bytes: int
    missing_bytes: int
    state: Stored
    reason: str


@dataclass(frozen=True, slots=True)
class ModelStore:
    """The models of a profile and their files on this machine."""

    profile: Profile
    models_dir: Path

    def choose(self, names: Sequence[str]) -> list[str]:
        """Return the models that were named; raises RegistryError for an unknown name."""
        if _ALL in names:
            return list(self.profile.models)
        for name in names:
            if name not in self.profile.models:
                known = ", ".join(self.profile.models)
                raise RegistryError(f"profile {self.profile.name!r} has no model {name!r}; it has: {known}")
        return list(dict.fromkeys(names))

    def is_downloaded(self, name: str) -> bool:
        """Return whether a model comes from a download or from files, and is not built by the worker."""
        return not isinstance(self.profile.models[name].source, TinySource)

    def state(self, name: str) -> str:
        """Return in words whether a worker can load a model."""
        return stored_state(self.profile.models[name], self.models_dir)[0].value

    def pull(self, name: str, report: Report) -> ModelFiles:
        """Obtain the files of a model; raises a MODEL_UNAVAILABLE Failure."""
        return obtain(self.profile.models[name], self.models_dir, report, Cancellation())

    def verify(self, name: str) -> list[Damage]:
        """Return the damaged files of a model."""
        return verify(self.profile.models[name], self.models_dir)

    def stored_bytes(self, name: str) -> int:
        """Return the bytes of a model on disk."""
        return stored_bytes(self.profile.models[name], self.models_dir)

    def remove(self, name: str) -> int:
        """Remove what was downloaded or built of a model; return the bytes that were freed. Raises NotRemovable."""
        return remove(name, self.profile.models, self.models_dir)


def open_store(profile_name: str | None, models_dir: Path | None) -> ModelStore:
    """Read the profile; arguments that are None come from the settings. Raises RegistryError."""
    settings = read_settings(profile_name, models_dir)
    return ModelStore(read_profile(settings), settings.models_dir)


def describe_models(store: ModelStore) -> list[DescribedModel]:
    """Describe every model of the profile."""
    described = []
    for name, entry in store.profile.models.items():
        state, reason = stored_state(entry, store.models_dir)
        here = store.stored_bytes(name)
        described.append(
            DescribedModel(
                name=name,
                family=entry.family,
                source=describe(entry.source)[1],
                disk_bytes=here,
                missing_bytes=max(0, entry.disk_bytes - here) if state in _TO_COME else 0,
                state=state,
                reason=reason,
            )
        )
    return described


_TO_COME = (Stored.TO_DOWNLOAD, Stored.TO_BUILD)
