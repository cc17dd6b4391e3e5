"""Progress of a job between its events: the mean over its steps, from their progress messages."""

from dataclasses import dataclass, field

from darkroom_schemas.channels import ProgressMessage
from darkroom_schemas.job import HistoryEntry, HistoryEvent, JobView
from darkroom_schemas.status import JobStatus

from platform_api.domain.jobs.view import LivePreview

_ENDING_A_STEP = frozenset({HistoryEvent.NODE_COMPLETED, HistoryEvent.COMPLETE})


@dataclass
class LiveProgress:
    """Live progress of a job's latest run.

    Progress may arrive before the event that the job runs, and after the event that its step is completed. Early
    progress is stored until then; late progress is ignored.
    """

    run: int
    steps_total: int
    seq: int = 0
    """Number of the history entry that `done_before` corresponds to."""
    done_before: int = 0
    """Number of steps that are complete at that entry."""
    _percents: dict[int, float] = field(default_factory=dict)
    _done: set[int] = field(default_factory=set)
    _preview: LivePreview | None = None

    def note_entry(self, entry: HistoryEntry) -> None:
        """Record a completed step. An entry of a later run starts over; one of an earlier run has no effect."""
        if entry.run < self.run or entry.seq <= self.seq:
            return
        if entry.run > self.run:
            self.run, self.done_before, self._percents, self._done = entry.run, 0, {}, set()
        if entry.event in _ENDING_A_STEP and entry.step is not None:
            self._done.add(entry.step)

    def note_message(self, message: ProgressMessage, preview: LivePreview | None) -> None:
        """Record the progress of a step of this run."""
        _, run, number = message.step_id.rsplit(":", 2)
        if int(run) == self.run:
            self._percents[int(number)] = message.percent_of_step
            self._preview = preview

    def applied_to(self, job: JobView) -> JobView:
        """Return a running job with its progress; the job itself if that is not greater: progress never decreases."""
        if job.status is not JobStatus.RUNNING:
            return job
        done = 100 * (self.done_before + len(self._done))
        running = sum(percent for number, percent in self._percents.items() if number not in self._done)
        percent = round((done + running) / self.steps_total, 1)
        if percent <= (job.progress or 0.0):
            return job
        url, grid = self._preview or (None, None)
        return job.model_copy(update={"progress": percent, "preview_url": url, "preview_grid": grid})
