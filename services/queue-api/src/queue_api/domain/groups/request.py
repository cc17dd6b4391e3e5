"""Requests for groups, and the children that they make."""

import secrets
from collections.abc import Sequence
from typing import Annotated, Any, Self

from darkroom_schemas.base import Request
from darkroom_schemas.fields import JsonObject, Line, storable_json
from darkroom_schemas.groups.graph import Graph, with_parameters, with_seed
from darkroom_schemas.groups.payload_seeds import group_seeds, seeded_payload, seeds_below
from darkroom_schemas.groups.policy import MUST_BE, parse_policy
from darkroom_schemas.groups.seeds import SeedStrategy
from darkroom_schemas.ids import JobId, StepId
from darkroom_schemas.inputs import MAX_INPUTS, InputFile, InputName
from darkroom_schemas.payload import Seed
from darkroom_schemas.remote_payloads import MAX_NODES
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from queue_api.domain.groups.record import PREFIX, Child
from queue_api.domain.submission import JobSubmission

MAX_CHILDREN = 100
COMFYUI = "comfyui"
Lines = Annotated[list[Line], Field(max_length=MAX_CHILDREN)]
GraphField = Annotated[
    dict[Annotated[str, Field(max_length=100)], dict[str, Any]],
    Field(min_length=1, max_length=MAX_NODES),
    BeforeValidator(storable_json),
]


class JobGroupRequest(Request):
    """Body of `POST /api/job-group`: a ComfyUI graph for several back ends, or a job type with several seeds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "workflow_json": {"3": {"class_type": "KSampler", "inputs": {"seed": 42, "steps": 20, "cfg": 7.0}}},
                    "parameters": {"steps": 30},
                    "backend_ids": ["localhost_8188", "192.168.100.6_8188"],
                    "seed_strategy": "random",
                    "base_seed": 42,
                    "timeout_seconds": 300,
                },
                {"job_type": "simulation", "payload": {"duration_s": 1}, "count": 6, "policy": "quorum(3)"},
            ]
        }
    )

    workflow_json: GraphField | None = Field(default=None, description="A ComfyUI graph in API format.")
    parameters: JsonObject = Field(default_factory=dict, description="Values for inputs of the graph, by their names.")
    backend_ids: Annotated[Lines, Field(description="Ids or aliases of back ends; one child for each.")] = Field(
        default_factory=list
    )
    inputs: Annotated[dict[InputName, InputFile], Field(max_length=MAX_INPUTS)] = Field(
        default_factory=dict, description="Stored objects by the file names that the graph uses."
    )
    job_type: Line | None = Field(default=None, description="Instead of a graph: a job type that any worker may run.")
    payload: JsonObject = Field(default_factory=dict, description="With `job_type`: its parameters.")
    count: Annotated[int, Field(ge=1, le=MAX_CHILDREN)] | None = Field(
        default=None, description="With `job_type`: the number of children."
    )
    seed_strategy: SeedStrategy = SeedStrategy.RANDOM
    base_seed: Seed | None = None
    metadata: JsonObject = Field(default_factory=dict)
    timeout_seconds: Annotated[int, Field(ge=30, le=3600)] = 300
    required_capabilities: Lines = Field(
        default_factory=list, description="Models, custom nodes or tags that a back end must have to be used."
    )
    policy: Annotated[str, Field(max_length=20, description="all, first, or quorum(n).")] = "all"
    max_parallel: Annotated[int, Field(ge=1, le=MAX_CHILDREN)] | None = None
    priority: Annotated[int, Field(ge=1, le=100)] = 50

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.workflow_json is None) == (self.job_type is None):
            raise ValueError("send either `workflow_json` with `backend_ids`, or `job_type` with `payload` and `count`")
        if self.workflow_json is not None and not self.backend_ids:
            raise ValueError("`backend_ids` must have at least 1 item")
        if self.job_type is not None and (self.backend_ids or self.parameters or self.inputs):
            raise ValueError("`backend_ids`, `parameters` and `inputs` are for `workflow_json`")
        if self.job_type is not None and self.count is None:
            raise ValueError("`count` is required with `job_type`")
        if self.base_seed is not None and self.base_seed >= (below := seeds_below(self.job_type or COMFYUI)):
            raise ValueError(f"`base_seed` of {self.job_type} must be less than {below}")
        policy = parse_policy(self.policy)
        if policy is None or (policy.needed or 1) > (self.count or len(set(self.backend_ids))):
            raise ValueError(f"`policy` {MUST_BE}")
        return self


def children_of(request: JobGroupRequest, group_id: JobId, backends: Sequence[str]) -> tuple[Child, ...]:
    """Return a child for each back end, or as many as were asked for, each with its seed."""
    places: Sequence[str | None] = backends if request.workflow_json is not None else [None] * (request.count or 1)
    seeds = group_seeds(request.job_type or COMFYUI, request.seed_strategy, request.base_seed, len(places))
    return tuple(
        Child(step_id=StepId(f"{group_id}:1:{number:02d}"), backend_id=backend, seed=seed)
        for number, (backend, seed) in enumerate(zip(places, seeds, strict=True))
    )


def submissions_of(request: JobGroupRequest, children: Sequence[Child]) -> list[JobSubmission]:
    """Return the submission of each child; raises UnknownParameter."""
    common = {"priority": request.priority, "max_attempts": 2}
    if request.workflow_json is None:
        job_type = request.job_type or ""
        return [
            JobSubmission.model_validate(
                {
                    **common, "id": child.step_id, "job_type": job_type,
                    "payload": seeded_payload(job_type, request.payload, child.seed),
                }
            )
            for child in children
        ]  # fmt: skip
    graph: Graph = with_parameters(request.workflow_json, request.parameters)
    inputs = {name: file.model_dump(mode="json", exclude_none=True) for name, file in request.inputs.items()}
    return [
        JobSubmission.model_validate(
            {
                **common, "id": child.step_id, "job_type": COMFYUI,
                "payload": {"workflow": with_seed(graph, child.seed), "max_outputs": 64, "inputs": inputs},
            }
        )
        for child in children
    ]  # fmt: skip


def new_group_id() -> JobId:
    """Return a new id, such as `jg_0c5f…`."""
    return JobId(f"{PREFIX}{secrets.token_hex(12)}")
