"""What one connection wants to receive."""

from dataclasses import dataclass, field

from queue_api.domain.frames import Frame, Topic

MAX_JOBS = 1_000
"""Jobs to which a connection may subscribe by their ids."""
_OF_JOBS = frozenset({Topic.JOBS, Topic.JOBS_STATUS, Topic.JOBS_PROGRESS})
EVERYTHING = frozenset({Topic.WORKERS, Topic.MACHINES, Topic.JOBS})


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What filters ask of a job; None where it is not known any more."""

    job_type: str | None
    priority: int | None


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions on messages about jobs and workers. Empty ones do not restrict; all must hold."""

    job_types: frozenset[str] = frozenset()
    worker_ids: frozenset[str] = frozenset()
    lowest_priority: int | None = None
    highest_priority: int | None = None

    @property
    def ask_for_facts(self) -> bool:
        """Whether the job of a message must be looked up."""
        return bool(self.job_types) or self.lowest_priority is not None or self.highest_priority is not None

    def admit_worker(self, worker_id: str | None) -> bool:
        """Whether a message about this worker, or about a job that it runs, passes."""
        return not self.worker_ids or worker_id in self.worker_ids

    def admit_job(self, facts: JobFacts) -> bool:
        """Whether a message about a job with these properties passes."""
        if self.job_types and facts.job_type not in self.job_types:
            return False
        lowest, highest = self.lowest_priority, self.highest_priority
        if lowest is None and highest is None:
            return True
        return facts.priority is not None and (lowest or 0) <= facts.priority <= (highest or 100)


@dataclass(slots=True)
class Subscription:
    """The topics, filters and jobs of a connection. A client starts without topics, and names jobs."""

    topics: frozenset[Topic] = EVERYTHING
    filters: Filters = Filters()
    jobs: set[str] = field(default_factory=set)
    """Ids of jobs, or of workflows, whose messages are wanted whatever the topics and filters."""

    def add_job(self, job_id: str) -> bool:
        """Subscribe to a job; False if the connection has as many as it may."""
        if job_id not in self.jobs and len(self.jobs) >= MAX_JOBS:
            return False
        self.jobs.add(job_id)
        return True

    def names(self, frame: Frame) -> bool:
        """Whether the message is about a job that the connection subscribed to."""
        return bool(self.jobs) and (frame.job_id in self.jobs or frame.workflow_id in self.jobs)

    def wants_topic(self, topic: Topic) -> bool:
        """Whether messages of a topic are wanted, before filters."""
        return topic in self.topics or (topic in _OF_JOBS and Topic.JOBS in self.topics)

    def needs_facts(self, frame: Frame) -> bool:
        """Whether `admits` needs the type and priority of the message's job."""
        return frame.topic in _OF_JOBS and self.filters.ask_for_facts and not self.names(frame)

    def admits(self, frame: Frame, facts: JobFacts | None = None) -> bool:
        """Whether a message is wanted. `facts` are required where `needs_facts` says so."""
        if self.names(frame):
            return True
        if not self.wants_topic(frame.topic) or not self.filters.admit_worker(_worker_of(frame, self.filters)):
            return False
        return facts is None or self.filters.admit_job(facts)


def _worker_of(frame: Frame, filters: Filters) -> str | None:
    """Return the worker that a filter compares; messages without one, such as of machines, are not filtered."""
    if frame.worker_id is None and frame.topic not in _OF_JOBS:
        return next(iter(filters.worker_ids), None)
    return frame.worker_id
