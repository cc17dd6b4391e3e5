"""The table of what the StableQueue documentation promises, with the test that shows each promise."""

from pathlib import Path

import pytest
from support.promises import names_of_tests

DEFINED = names_of_tests(Path(__file__).parents[1])

PROMISES = {
    # Authentication
    "Authorization: Bearer YOUR_API_KEY": "test_key_comes_in_every_form_that_clients_send",
    "X-API-Key with X-API-Secret": "test_key_comes_in_every_form_that_clients_send",
    "keys are created and managed by endpoints": "test_key_is_made_read_changed_and_revoked_under_both_versions",
    "all v2 endpoints require a key": "test_nobody_gets_in_without_a_credential",
    # Rate limiting
    "standard and premium tiers": "test_standard_and_premium_keys_have_their_own_quota",
    "separate limit of submissions": "test_submissions_are_limited_by_themselves",
    # POST /generate
    "request as printed": "test_printed_programs_run",
    "required: target_server_alias, generation_params": "test_missing_field_has_a_word_of_its_own",
    "optional: app_type, default forge": "test_submission_is_answered_as_documented",
    "optional: source_info, default extension": "test_pending_job_reports_its_position_and_what_was_asked",
    "an unknown checkpoint falls back, with a notice": (
        "test_unknown_checkpoint_is_reported_in_the_answer_and_with_the_result"
    ),
    "a setting refuses an unknown checkpoint": "test_setting_makes_an_unknown_checkpoint_a_400",
    "any app_type, and further members, are kept": "test_members_that_nothing_reads_are_retained_and_reported",
    "members that change the picture are refused": "test_member_that_would_change_the_picture_is_refused_by_name",
    "batch_size and n_iter are images": "test_batches_are_images",
    "app_type comfyui": "test_live_back_end_of_the_alias_gets_the_job",
    "answer: six fields": "test_submission_is_answered_as_documented",
    "queue_position at submission": "test_submission_is_answered_as_documented",
    "generation_params as printed": "test_without_a_back_end_our_pipeline_gets_what_was_asked",
    # GET /jobs/:jobId/status
    "status: every field": "test_pending_job_reports_its_position_and_what_was_asked",
    "forge_session_hash": "test_completed_job_names_its_images_and_seeds",
    "result_details.images, info, generation_info": "test_completed_job_names_its_images_and_seeds",
    "retry_count": "test_pending_job_reports_its_position_and_what_was_asked",
    "api_key_id": "test_key_that_submitted_is_reported",
    "queue_position only while pending": "test_running_job_says_how_long_once_times_were_measured",
    "estimated_time_remaining only while processing": "test_running_job_says_how_long_once_times_were_measured",
    "pending": "test_pending_job_reports_its_position_and_what_was_asked",
    "processing": "test_running_job_says_how_long_once_times_were_measured",
    "completed": "test_completed_job_names_its_images_and_seeds",
    "failed": "test_failed_job_says_why",
    "cancelled": "test_waiting_and_running_jobs_are_cancelled_at_once",
    # GET /jobs
    "filters status, app_type, limit, offset, order": "test_list_filters_orders_and_echoes_effective_values",
    "filters are echoed, order in upper case": "test_list_filters_orders_and_echoes_effective_values",
    "total": "test_list_filters_orders_and_echoes_effective_values",
    # POST /jobs/:jobId/cancel
    "pending and running jobs are cancelled": "test_waiting_and_running_jobs_are_cancelled_at_once",
    "result_details.cancelled and message": "test_waiting_and_running_jobs_are_cancelled_at_once",
    "a finished job is a conflict": "test_finished_job_cannot_be_cancelled",
    # Errors
    "400 names what is wrong": "test_wrong_field_is_named_in_a_400",
    "401": "test_nobody_gets_in_without_a_credential",
    "404 for an alias or a job": "test_unknown_server_and_job_are_404_with_their_words",
    "429": "test_headers_and_body_report_what_is_left_and_when_to_come_back",
    # Programs and questions
    "submitJob and pollJobStatus": "test_printed_programs_run",
    "an own identifier inside generation_params": "test_without_a_back_end_our_pipeline_gets_what_was_asked",
    "unknown alias is an error": "test_unknown_server_and_job_are_404_with_their_words",
    "prompts and parameter objects are bounded": "test_wrong_field_is_named_in_a_400",
    "files can be fetched": "test_image_names_are_paths_that_the_jobs_owner_can_fetch",
    "keys by name, description and tier alone": "test_operators_key_makes_keys_of_the_operators_account",
    # Older forms
    "/api/v1/apikeys": "test_key_is_made_read_changed_and_revoked_under_both_versions",
    "/api/v1/servers": "test_operator_adds_changes_and_removes_a_server",
    "/api/v1/generate and /api/v1/queue/jobs": "test_older_forms_answer_without_frames",
    "/api/v1/checkpoints and /api/v1/loras": "test_models_are_listed",
}


@pytest.mark.parametrize(("promise", "test"), PROMISES.items(), ids=list(PROMISES))
def test_promise_has_its_test(promise: str, test: str) -> None:
    assert test in DEFINED, f"{promise} has no test named {test}"
