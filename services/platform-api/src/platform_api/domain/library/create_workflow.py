"""Keep a user's workflow, once it is known that it could run."""

from dataclasses import replace

from darkroom_schemas.catalogue import CATALOGUE

from platform_api.domain.library.ports import LibraryChanges
from platform_api.domain.library.workflow import Workflow, check_workflow


async def create_workflow(workflow: Workflow, *, library: LibraryChanges) -> Workflow:
    """Check and keep a workflow; raises `InvalidParameter` or `AlreadyExists`."""
    checked = checked_workflow(workflow)
    await library.add_workflow(checked)
    return checked


def checked_workflow(workflow: Workflow) -> Workflow:
    """Return the workflow with what its steps need; raises `InvalidParameter`."""
    job_types = check_workflow(workflow)
    return replace(workflow, needs_credential=any(CATALOGUE[name].needs_credential for name in job_types))
