"""What all checks share: the work, the folders, whether there is a GPU, and an undisturbed GPU process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from disturbance import Options
from gpu_worker.domain.memory.card import CUDA
from lab import Lab
from work import Work

NEEDS_CUDA = "needs CUDA"


@dataclass(slots=True)
class Setting:
    """One run of the benchmark. `folder` is temporary; `models_dir` keeps digests and measured peaks of this run."""

    work: Work
    folder: Path
    models_dir: Path
    device: str
    limit_s: float = 300.0
    _shared: Lab | None = field(default=None, init=False)

    @property
    def has_cuda(self) -> bool:
        """Return whether the GPU process computes on a GPU."""
        return self.device == CUDA

    @asynccontextmanager
    async def shared_lab(self) -> AsyncIterator[Lab]:
        """Yield the GPU process of all checks that need nothing special of it. It loads each model once."""
        if self._shared is None:
            lab = self._lab(None, None)
            await lab.start()
            self._shared = lab
        yield self._shared

    @asynccontextmanager
    async def own_lab(self, *, options: Options | None = None, budget_gb: float | None = None) -> AsyncIterator[Lab]:
        """Yield a new GPU process, alone on the card."""
        await self.end_shared()
        lab = self._lab(options, budget_gb)
        await lab.start()
        try:
            yield lab
        finally:
            await lab.end()

    async def end_shared(self) -> None:
        """End the shared process; the next check that needs it starts another."""
        lab, self._shared = self._shared, None
        if lab is not None:
            await lab.end()

    def _lab(self, options: Options | None, budget_gb: float | None) -> Lab:
        return Lab(
            self.work.profile, self.folder, self.models_dir, options=options, budget_gb=budget_gb, limit_s=self.limit_s
        )
