"""What readers of event streams received, compared with the history in the database: no gap and no double."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Entry = tuple[int, str]
"""Number and word of a history entry."""


@dataclass
class ReceivedJob:
    """The history of one job, as its stream sent it across connections."""

    entries: list[Entry] = field(default_factory=list)
    resets: int = 0
    faults: list[str] = field(default_factory=list)

    def begin(self, entries: Sequence[Entry], *, resumes: bool) -> None:
        if resumes:
            self.faults.append("started over although a Last-Event-ID was sent")
        self.entries = list(entries)

    def reset(self, entries: Sequence[Entry]) -> None:
        if len(entries) < len(self.entries):
            self.faults.append("a reset has less than was known")
        self.entries = list(entries)
        self.resets += 1

    def add(self, entry: Entry) -> None:
        last = self.entries[-1][0] if self.entries else 0
        if entry[0] != last + 1:
            self.faults.append(f"received entry {entry[0]} after {last}")
        self.entries.append(entry)

    def judge(self, history: Sequence[Entry]) -> list[str]:
        if self.entries != list(history):
            return [*self.faults, f"received {self.entries}, but there are {list(history)}"]
        return self.faults


@dataclass
class ReceivedJobs:
    """The histories of all jobs of one user. A reset says how jobs are, not what became of them meanwhile."""

    entries: dict[str, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    may_skip: set[str] = field(default_factory=set)
    """Jobs of which a reset may have left entries out since the last one that was received."""
    updated_at: dict[str, str] = field(default_factory=dict)
    """Of each job in the latest reset of which nothing was received since."""
    resets: int = 0
    faults: list[str] = field(default_factory=list)

    def begin(self, jobs: Mapping[str, str], *, resumes: bool) -> None:
        """Note a `snapshot`."""
        if resumes:
            self.faults.append("started over although a Last-Event-ID was sent")
        self._know(jobs)

    def reset(self, jobs: Mapping[str, str]) -> None:
        self.resets += 1
        self._know(jobs)

    def _know(self, jobs: Mapping[str, str]) -> None:
        self.may_skip, self.updated_at = {*jobs, *self.entries}, dict(jobs)

    def add(self, job_id: str, entry: Entry) -> None:
        received = self.entries[job_id]
        last = received[-1][0] if received else 0
        if entry[0] <= last or (entry[0] > last + 1 and job_id not in self.may_skip):
            self.faults.append(f"{job_id}: received entry {entry[0]} after {last}")
        received.append(entry)
        self.may_skip.discard(job_id)
        self.updated_at.pop(job_id, None)

    def knows_end(self, job_id: str, history: Sequence[Entry], updated_at: str) -> bool:
        return self.entries[job_id][-1:] == list(history[-1:]) or self.updated_at.get(job_id) == updated_at

    def judge(self, job_id: str, history: Sequence[Entry], updated_at: str) -> list[str]:
        """Name what is wrong with what was received of one job; `faults` has the rest."""
        found = [
            f"received {entry}, which is not in the history" for entry in self.entries[job_id] if entry not in history
        ]
        if not self.knows_end(job_id, history, updated_at):
            found.append(f"received {self.entries[job_id]}, without the end of {list(history)}")
        return found
