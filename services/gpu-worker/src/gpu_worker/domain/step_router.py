"""Routes each attempt to the connector that serves its job type."""

from collections.abc import Iterable

from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult

from gpu_worker.domain.failures import Failure
from gpu_worker.domain.ports import Connector, StepRun


class StepRouter:
    """The connectors of a worker, by job type."""

    def __init__(self, connectors: Iterable[Connector]) -> None:
        self.connectors = tuple(connectors)
        self._by_type = {job_type: connector for connector in self.connectors for job_type in connector.types}

    @property
    def types(self) -> tuple[str, ...]:
        """Return every job type that this worker takes, sorted."""
        return tuple(sorted(self._by_type))

    @property
    def models(self) -> tuple[str, ...]:
        """Return every model that this worker offers, sorted."""
        return tuple(sorted({model for connector in self.connectors for model in connector.models}))

    def connector_name(self, job_type: str) -> str:
        """Return the name of the connector for a job type, or "none"; for logs and metrics."""
        connector = self._by_type.get(job_type)
        return "none" if connector is None else connector.name

    async def execute(self, run: StepRun) -> StepResult:
        """Run the attempt on the connector for its job type; raises an UNWORKABLE Failure if there is none."""
        job_type = run.step.requirements.type
        connector = self._by_type.get(job_type)
        if connector is None:
            raise Failure(StepErrorCode.UNWORKABLE, f"This worker does not serve {job_type!r}")
        return await connector.run(run)
