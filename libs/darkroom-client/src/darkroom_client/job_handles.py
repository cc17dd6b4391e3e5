"""A submitted job: wait for it, follow it, download its outputs."""

from collections.abc import Iterator
from pathlib import Path

from darkroom_client.calls import jobs
from darkroom_client.models.jobs import HistoryLine, Job, JobEvent, Why
from darkroom_client.saving import files_of
from darkroom_client.transport import Transport


class JobHandle:
    """A handle of a job. `job` is its last known state, None before it is read.

    `notices` are the reasons why the job will wait, as of its submission, such as a missing worker.
    """

    def __init__(self, job_id: str, transport: Transport, notices: tuple[str, ...] = ()) -> None:
        self.id = job_id
        self.job: Job | None = None
        self.notices = notices
        self._transport = transport

    def __repr__(self) -> str:
        return f"JobHandle({self.id!r})"

    def refresh(self) -> Job:
        """Read the current state of the job."""
        self.job = self._transport.send(jobs.get(self.id))
        return self.job

    def wait(self) -> Job:
        """Wait until the job has completed or failed, and return it."""
        if self.job is not None and self.job.has_ended:
            return self.job
        for _ in self.stream():
            pass
        return self.refresh()

    def stream(self, *, last_event_id: str | None = None) -> Iterator[JobEvent]:
        """Yield the job's events until it ends. Lost connections are resumed without a gap."""
        return self._transport.follow(self.id, last_event_id)

    def save(self, folder: Path | str = ".", *, limit: int | None = None) -> list[Path]:
        """Wait until the job ends, download its files (at most `limit`), and return their paths.

        Raises `JobFailed` if the job failed and has no outputs.
        """
        files = files_of(self.wait(), Path(folder), limit)
        for url, file in files:
            self._transport.download(url, file)
        return [file for _url, file in files]

    def cancel(self, *, reason: str | None = None) -> Job:
        """Cancel the job. Undelivered outputs are refunded."""
        self.job = self._transport.send(jobs.cancellation(self.id, reason))
        return self.job

    def retry(self, *, idempotency_key: str | None = None) -> int:
        """Run a failed job again, with the same id. Returns the number of the attempt."""
        attempt = self._transport.send(jobs.retry(self.id, idempotency_key))
        self.job = None
        return attempt

    def why(self) -> Why:
        """Explain why the job waits."""
        return self._transport.send(jobs.why(self.id))

    def history(self) -> tuple[HistoryLine, ...]:
        """Return the job's history, oldest first."""
        return self._transport.send(jobs.history(self.id))
