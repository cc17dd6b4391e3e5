"""Job types that are data run through the whole stack: one of an operator's file, and one of a new family."""

import json
from pathlib import Path

import httpx
import pytest
from darkroom_client.models import Job
from darkroom_local.demo.inspection import inspect
from darkroom_local.state import RunningStack
from darkroom_schemas.catalogue import CATALOGUE, JobType, read_types
from darkroom_schemas.catalogue_file import read_tables
from darkroom_schemas.families import FAMILIES
from support.program import Program
from support.stack import OPERATOR_CATALOGUE

pytestmark = pytest.mark.e2e

SKETCH = read_types(read_tables(OPERATOR_CATALOGUE), FAMILIES)["sketch"]
Z_IMAGE = CATALOGUE["z_image_turbo"]


@pytest.mark.parametrize("job_type", [SKETCH, Z_IMAGE], ids=lambda job_type: job_type.name)
def test_a_job_ends_in_files_that_are_as_ordered(darkroom: Program, job_type: JobType) -> None:
    ended = darkroom("generate", "a lighthouse at dawn", "--type", job_type.name, "--json")
    assert ended.returncode == 0, ended.stderr
    printed = json.loads(ended.stdout)
    files = [Path(darkroom.folder, file) for file in printed.pop("files")]
    inspect(Job.model_validate(printed), job_type, files)
    assert len(files) == job_type.outputs


def test_an_operators_type_is_listed_with_its_values(stack: RunningStack) -> None:
    listed = httpx.get(f"{stack.platform_url}/api/job-types").raise_for_status().json()["data"]
    assert [item["name"] for item in listed if item["name"] not in CATALOGUE] == ["sketch"]
    [sketch] = [item for item in listed if item["name"] == "sketch"]
    assert (sketch["width"], sketch["height"], sketch["outputs"], sketch["price"]) == (768, 1024, 2, 0.24)
    assert sketch["available"]
    assert sketch["negative_prompt_supported"]
    assert "loras" in sketch["parameters"]["properties"]


def test_the_queues_own_interface_knows_it_too(stack: RunningStack) -> None:
    asked = {"job_type": "sketch", "payload": {"prompt": "a boat", "family": "wan_image"}}
    headers = {"Authorization": f"Bearer {stack.queue_token}"}
    answer = httpx.post(f"{stack.queue_url}/api/jobs", json=asked, headers=headers)
    assert answer.status_code == 400
    assert "must be sdxl for sketch" in answer.text
