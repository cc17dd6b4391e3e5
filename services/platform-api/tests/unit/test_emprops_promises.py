"""The table of what the EmProps documentation promises of platform-api, with the test that shows each promise."""

from pathlib import Path

import pytest
from support.promises import names_of_tests

DEFINED = names_of_tests(Path(__file__).parents[1])

PROMISES = {
    # Authentication
    "user_id header, with a service key": "test_service_key_speaks_for_the_user_it_names",
    "X-API-Key": "test_api_key_works_in_both_headers_and_gets_a_token",
    "JWT bearer tokens": "test_api_key_works_in_both_headers_and_gets_a_token",
    # POST /api/collections/:id/generate
    "variables": "test_variables_fill_the_template_of_a_simple_collection",
    "workflow_id": "test_every_type_of_workflow_runs_to_its_end",
    "workflow_priority 1-100": "test_bad_generation_is_refused_by_field",
    "data.jobId": "test_variables_fill_the_template_of_a_simple_collection",
    "legacy /generator/v2/:id": "test_older_paths_are_served",
    "collection data is validated": "test_corrupted_collection_is_reported_in_the_words_of_the_document",
    "steps go to the queue with models and custom_nodes": "test_comfy_workflow_requires_its_models_and_nodes",
    "node_started, node_completed, complete": "test_basic_workflow_runs_side_by_side_what_can",
    "node_progress": "test_stream_of_parallel_steps_reports_the_mean_progress",
    "error": "test_failed_job_is_run_again_under_its_id",
    # GET /api/jobs/:id and its stream
    "job fields, data.collectionId, variables, outputs": "test_variables_fill_the_template_of_a_simple_collection",
    "workflow_output": "test_basic_workflow_runs_side_by_side_what_can",
    "job_update, job_history, history_init": "test_stream_reports_everything_once_and_ends",
    "heartbeat comments": "test_only_the_last_frame_of_an_event_has_an_id_and_heartbeats_are_comments",
    # POST /api/jobs/:id/retry
    "same id, retry_count, status pending": "test_failed_job_is_run_again_under_its_id",
    "retryAttempt and message": "test_failed_job_is_run_again_under_its_id",
    "job_retry_backup": "test_what_the_job_was_is_backed_up",
    "stuck jobs": "test_stuck_job_is_taken_back_and_run_again",
    "same workflow": "test_new_run_fills_its_templates_again",
    "maximum retry limit (3)": "test_fourth_retry_is_refused_in_the_words_of_the_document",
    # Workflows
    "list": "test_list_has_data_only_when_asked_for",
    "include=eq.true": "test_list_has_data_only_when_asked_for",
    "require_api_keys=true": "test_workflows_that_need_a_credential_are_distinguished",
    "standard pagination": "test_list_goes_on_by_cursor_and_by_offset",
    "by name, with models and custom_nodes": "test_created_workflow_is_read_by_name_with_what_it_requires",
    "create": "test_created_workflow_is_read_by_name_with_what_it_requires",
    "display": "test_hidden_workflow_is_read_by_name_only",
    "five types": "test_every_type_of_workflow_runs_to_its_end",
    "409 for a duplicate": "test_taken_name_is_a_409",
    # Simple collections
    "request and answer": "test_simple_collection_is_held_in_custody",
    "defaults of blockchain, price, editions": "test_simple_collection_has_the_documented_defaults",
    "social_link is created once": "test_same_somebody_is_linked_once",
    "variables with embedded references": "test_simple_collection_is_held_in_custody",
    "flexible_prompt, a direct_job": "test_variables_fill_the_template_of_a_simple_collection",
    "template variables are replaced at generation": "test_variables_fill_the_template_of_a_simple_collection",
    # Beyond the document: what a page that manages them cannot do without
    "PATCH /api/workflows/:name": "test_workflow_is_changed_in_what_is_named_and_stays_as_it_was_otherwise",
    "DELETE /api/workflows/:name": "test_removed_workflow_is_gone_and_its_name_free",
    "PATCH /api/collections/:id": "test_collection_is_changed_in_what_is_named_and_stays_as_it_was_otherwise",
    "DELETE /api/collections/:id": "test_removed_collection_is_gone_and_its_jobs_stay",
    "by their user alone": "test_what_is_anothers_or_everybodys_is_neither_changed_nor_removed",
    # Models and nodes
    "models and custom nodes": "test_models_and_nodes_are_available_once_a_worker_has_them",
    # Failsafe
    "complete": "test_reported_completion_ends_the_job_with_what_was_reported",
    "failed": "test_reported_failure_ends_the_job_and_refunds_it",
    # Step tracking
    "createStep: recorded before submission": "test_every_step_is_recorded_when_the_job_is_accepted",
    "updateStepComplete: 1 s, 2 s, 4 s, and verification": (
        "test_failed_and_lost_writes_are_tried_again_after_one_two_and_four_seconds"
    ),
    "reconcileStaleSteps": "test_step_that_redis_forgot_is_submitted_again",
    # Errors
    "COLLECTION_CORRUPTED": "test_corrupted_collection_is_reported_in_the_words_of_the_document",
    "Not enough credits.": "test_generation_without_credits_is_a_402",
    "400 names the field": "test_workflow_that_could_never_run_is_refused_by_field",
    "401": "test_nothing_is_readable_without_a_credential",
    "403": "test_only_a_service_reports_and_only_for_the_user_it_names",
    "404": "test_collection_of_another_user_is_not_there",
    "paths of the overview, without /api": "test_older_paths_are_served",
}


@pytest.mark.parametrize(("promise", "test"), PROMISES.items(), ids=list(PROMISES))
def test_promise_has_its_test(promise: str, test: str) -> None:
    assert test in DEFINED, f"{promise} has no test named {test}"
