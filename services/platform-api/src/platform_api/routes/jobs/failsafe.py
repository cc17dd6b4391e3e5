"""`POST /api/jobs/{id}/complete` and `/failed`: a service reports the end of a job if normal events were lost."""

from typing import Annotated, Any

from darkroom_schemas.base import Request as RequestBody
from darkroom_schemas.fields import JsonValue, Text
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from platform_api.context import Context, Ctx
from platform_api.domain.jobs.report_end import ReportedEnd, report_end_verified
from platform_api.domain.jobs.view import job_view
from platform_api.http.auth import ServiceCaller
from platform_api.http.requests import AnyContentTypeRoute, JobIdPath
from platform_api.routes.dialects.emprops.mapping import EmPropsJob, emprops_job

router = APIRouter(tags=["jobs"], route_class=AnyContentTypeRoute)
Sentence = Annotated[Text, Field(min_length=1, max_length=4000)]
RESPONSES: dict[int | str, dict[str, Any]] = {
    403: {"description": "The caller has no service key"},
    404: {"description": "No such job, or it belongs to another user than X-User-Id"},
    409: {"description": "The job already ended with another result"},
}


class CompletedReport(RequestBody):
    """The result of the job."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"outputs": ["https://cdn.example/1.png"],
                                         "workflow_output": "https://cdn.example/1.png"}]},
    )  # fmt: skip

    workflow_output: Sentence = Field(description="URL of the final output.")
    outputs: JsonValue
    metadata: JsonValue = Field(default=None, description="Shown in the job's `data` and history.")


class FailedReport(RequestBody):
    """The reason of the failure."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"error_message": "The node vanished."}]})

    error_message: Sentence
    error_details: JsonValue = Field(default=None, description="Shown in the job and its history.")


class ReportAnswer(BaseModel):
    """The job after the report."""

    data: EmPropsJob
    error: None = None


@router.post(
    "/api/jobs/{job_id}/complete",
    operation_id="report_job_complete",
    summary="Report a job's completion",
    response_model=ReportAnswer,
    responses=RESPONSES,
)
async def complete(job_id: JobIdPath, body: CompletedReport, context: Ctx, who: ServiceCaller) -> Response:
    """End a job as completed, and cancel its unfinished steps. Idempotent."""
    end = ReportedEnd(failed=False, message="Job completed, as reported by a service", report=body.model_dump())
    return await _reported(context, job_id, who, end)


@router.post(
    "/api/jobs/{job_id}/failed",
    operation_id="report_job_failed",
    summary="Report a job's failure",
    response_model=ReportAnswer,
    responses=RESPONSES,
)
async def failed(job_id: JobIdPath, body: FailedReport, context: Ctx, who: ServiceCaller) -> Response:
    """End a job as failed, and refund what was not delivered. Idempotent."""
    end = ReportedEnd(failed=True, message=body.error_message, report=body.model_dump(include={"error_details"}))
    return await _reported(context, job_id, who, end)


async def _reported(context: Context, job_id: JobIdPath, who: ServiceCaller, end: ReportedEnd) -> Response:
    job = await report_end_verified(
        job_id,
        who.user_id,
        end,
        jobs_transaction=context.jobs.transaction,
        urls=context.urls,
        clock=context.clock,
        verified_write=context.jobs.verified_write,
    )
    context.jobs.wake_relay()
    answer = ReportAnswer(data=emprops_job(job_view(job, context.urls, context.clock())))
    return Response(answer.model_dump_json(), media_type="application/json")
