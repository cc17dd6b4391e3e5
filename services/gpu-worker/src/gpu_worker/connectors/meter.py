"""Progress of an attempt that never decreases."""

from gpu_worker.domain.ports import StepRun

_MOST = 99.0
"""The last percent is the end of the uploads."""


class Meter:
    """Reports progress in percent."""

    def __init__(self, run: StepRun) -> None:
        self._run, self._percent = run, 0.0

    def at(
        self, percent: float, message: str, *, current_step: int | None = None, total_steps: int | None = None
    ) -> None:
        """Report a percentage; a smaller one than before counts as that one."""
        self._percent = max(self._percent, min(percent, _MOST))
        self._run.progress(self._percent, message=message, current_step=current_step, total_steps=total_steps)

    def say(self, message: str) -> None:
        """Report what the attempt does, at the percentage where it is."""
        self.at(self._percent, message)
