"""Saves a user's workflow after checking that it can run."""

from dataclasses import replace

from darkroom_schemas.catalogue import CATALOGUE

from platform_api.domain.library.ports import LibraryChanges
from platform_api.domain.library.workflow import Workflow, check_workflow


async def create_workflow(workflow: Workflow, *, library: LibraryChanges) -> Workflow:
    """Check and save a workflow; raises `InvalidParameter` or `AlreadyExists`."""
    checked = checked_workflow(workflow)
    await library.add_workflow(checked)
    return checked


def checked_workflow(workflow: Workflow) -> Workflow:
    """Return the workflow with `needs_credential` set; raises `InvalidParameter` if it could never run."""
    job_types = check_workflow(workflow)
    return replace(workflow, needs_credential=any(CATALOGUE[name].needs_credential for name in job_types))
