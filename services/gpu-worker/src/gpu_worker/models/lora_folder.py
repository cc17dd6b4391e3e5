"""The LoRAs of a worker: the safetensors files of one folder and of the folders in it."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from darkroom_chassis.logs import get_logger
from darkroom_schemas.base import Wire
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.families import FAMILIES
from darkroom_schemas.loras import MAX_LORA_NAME, MAX_LORAS, add_up
from darkroom_schemas.payload import AnyPayload, ImagePayload

from gpu_worker.domain.checkpoints.kind import CheckpointKind
from gpu_worker.domain.failures import Failure
from gpu_worker.domain.prompt.syntax import parse_prompt
from gpu_worker.models.digests import file_digest
from gpu_worker.models.safetensors_file import NotUsable, read_weights_file

log = get_logger(__name__)

MAX_OFFERED = 1_000
"""Maximum number of LoRAs that a worker offers."""
_MAX_FILES = 10_000
"""Maximum number of files that are looked at."""
_MAX_SHOWN = 20


class LoraUse(Wire):
    """A LoRA of a step. `sha256` is that of its file."""

    name: str
    path: Path
    sha256: str
    size_bytes: int
    weight: float


@dataclass(frozen=True, slots=True)
class _Seen:
    """A file as it was at the last look, and what is wrong with it as a LoRA; None if nothing is."""

    size_bytes: int
    modified_ns: int
    problem: str | None


class LoraFolder:
    """Offers LoRAs by the names of their files without the extension. `scan` reads headers only.

    Files are hashed when a step first uses them; digests are cached in the JSON file `digests`. `scan` and `choose`
    block on the disk, so call them in a thread. Both may run at once.
    """

    def __init__(self, folder: Path, digests: Path) -> None:
        self._folder, self._digests = folder, digests
        self._seen: dict[Path, _Seen] = {}
        self._problems: dict[Path, str] = {}
        self._offered: dict[str, Path] = {}
        """Replaced as a whole, never changed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the LoRAs, sorted."""
        return tuple(sorted(self._offered))

    def scan(self) -> bool:
        """Look for files; return whether other names are offered than before.

        Of two files of one name, the first by path counts. Files that are no LoRAs are logged once.
        """
        before, offered = self.names, dict[str, Path]()
        seen, problems = dict[Path, _Seen](), dict[Path, str]()
        for path in self._files():
            now = self._look_at(path)
            if now is None:
                continue
            seen[path] = now
            problem = now.problem
            if problem is None and path.stem in offered:
                problem = f"another file of this name is used: {offered[path.stem].relative_to(self._folder)}"
            if problem is None and len(offered) == MAX_OFFERED:
                problem = f"the folder has more than {MAX_OFFERED} LoRAs"
            if problem is None:
                offered[path.stem] = path
                continue
            problems[path] = problem
            if self._problems.get(path) != problem:
                log.warning("A file of the LoRA folder is not offered", file=path.name, reason=problem)
        self._seen, self._problems, self._offered = seen, problems, offered
        return self.names != before

    def choose(self, payload: AnyPayload) -> tuple[LoraUse, ...]:
        """Return the LoRAs of a step: those of its payload, and those that its prompt names and this worker has.

        Raises a MODEL_UNAVAILABLE Failure for a LoRA of the payload that is not here, and an INVALID_PAYLOAD Failure
        for too many.
        """
        if not isinstance(payload, ImagePayload) or not FAMILIES[payload.family].takes_loras:
            return ()
        offered = self._offered
        for asked in payload.loras:
            if asked.name not in offered:
                raise _missing(asked.name, offered)
        named = [(asked.name, asked.weight) for asked in payload.loras]
        named += [(tag.name, tag.weight) for tag in parse_prompt(payload.prompt).loras if tag.name in offered]
        chosen = add_up(named)
        if len(chosen) > MAX_LORAS:
            raise Failure(
                StepErrorCode.INVALID_PAYLOAD,
                f"loras: must be at most {MAX_LORAS} with those in the prompt, are {len(chosen)}",
            )
        return tuple(self._use(lora.name, offered[lora.name], lora.weight) for lora in chosen)

    def _use(self, name: str, path: Path, weight: float) -> LoraUse:
        try:
            size = path.stat().st_size
            digest = file_digest(path, self._digests)
        except OSError as error:
            raise _missing(name, self._offered) from error
        return LoraUse(name=name, path=path, sha256=digest, size_bytes=size, weight=weight)

    def _files(self) -> list[Path]:
        found = (path for pattern in ("*.safetensors", "*/*.safetensors") for path in self._folder.glob(pattern))
        visible = (path for path in found if not path.name.startswith("."))
        return sorted(islice(visible, _MAX_FILES))

    def _look_at(self, path: Path) -> _Seen | None:
        """Return what is known of a file, None if it has just been removed."""
        try:
            status = path.stat()
            before = self._seen.get(path)
            if before and (before.size_bytes, before.modified_ns) == (status.st_size, status.st_mtime_ns):
                return before
            return _Seen(status.st_size, status.st_mtime_ns, _problem_of(path))
        except FileNotFoundError:
            return None
        except OSError as error:
            return _Seen(0, 0, f"it cannot be read: {error.strerror}")


def _problem_of(path: Path) -> str | None:
    """Return why a file is not offered as a LoRA, None if it is one."""
    name = path.stem
    if len(name) > MAX_LORA_NAME or not name.isprintable():  # a name that is not UTF-8 has characters that are not
        return f"its name has more than {MAX_LORA_NAME} characters, or characters that cannot be printed"
    try:
        kind = read_weights_file(path).identify().kind
    except NotUsable as error:
        return str(error)
    return None if kind is CheckpointKind.LORA else f"{path.name} is {kind.value}"


def _missing(name: str, offered: dict[str, Path]) -> Failure:
    known = ", ".join(sorted(offered)[:_MAX_SHOWN]) or "none"
    return Failure(
        StepErrorCode.MODEL_UNAVAILABLE,
        f"loras: this worker has no LoRA {name[:64]!r}; it has: {known}",
        retryable=True,
    )
