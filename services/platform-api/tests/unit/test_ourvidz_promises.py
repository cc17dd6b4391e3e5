"""The table of what the OurVidz documentation promises, with the test that shows each promise."""

from pathlib import Path

import pytest
from support.promises import names_of_tests

ROOT = Path(__file__).parents[4]
MEMBERS = ("services/platform-api", "services/gpu-worker", "libs/darkroom-schemas")
DEFINED = set[str]().union(*(names_of_tests(ROOT / member / "tests") for member in MEMBERS))

PROMISES = {
    # Job types
    "ten job types": "test_the_ten_documented_types_come_first_and_in_order",
    "six PNGs of 1024x1024": "test_sdxl_makes_six_square_pictures_and_takes_a_negative_prompt",
    "MP4, 480x832, 5 and 6 s": "test_videos_are_portrait_at_16_frames_a_second",
    "limits of the buckets": "test_bucket_limits_are_the_documented_ones",
    "a larger output": "test_output_larger_than_its_bucket_allows_is_neither_stored_nor_paid",
    "enhanced types run Qwen first": "test_enhanced_job_runs_two_steps_and_keeps_the_enhanced_prompt",
    # POST /api/queue-job
    "JWT token": "test_api_key_works_in_both_headers_and_gets_a_token",
    "answer with job, queueLength, modelVariant, isSDXL": "test_answer_matches_the_document",
    "negativePromptSupported": "test_answer_matches_the_document",
    "metadata is kept, credits and bucket are ours": "test_what_a_client_sends_along_cannot_replace_what_was_decided",
    "projectId, videoId, imageId": "test_unknown_metadata_is_stored_with_the_job",
    "printed client without a content type": "test_client_that_sends_text_plain_is_understood",
    # GET /api/jobs/{id}
    "polling without Authorization": "test_printed_client_polls_with_the_cookie_alone",
    "all_assets and primary_asset": "test_sdxl_job_delivers_six_assets_and_is_charged",
    "processing, with progress": "test_cancel_reaches_the_running_step",
    "completed": "test_sdxl_job_delivers_six_assets_and_is_charged",
    "failed": "test_failed_step_fails_the_job_and_refunds_it",
    # Assets
    "GET /api/assets": "test_assets_are_listed_by_job_type_kind_and_time",
    "DELETE /api/assets/{id}": "test_deleted_asset_is_gone_with_its_bytes_for_its_owner_and_from_its_job",
    "download of files": "test_ranges_are_served",
    # Errors
    "400 with the valid job types": "test_unknown_job_type_lists_the_valid_ones",
    "401": "test_without_or_with_a_wrong_credential_is_a_401",
    "402 with what to do": "test_too_few_credits_is_a_402_that_says_what_is_missing",
    "503 with when to try again": "test_full_queue_is_a_503_with_retry_after",
    "a failed attempt is tried again": "test_failed_attempt_is_tried_again",
    "failed uploads are tried again": "test_a_store_that_keeps_refusing_fails_the_attempt_but_not_the_step",
    # Monitoring
    "GET /api/queue-status": "test_public_data_needs_no_credential",
}


@pytest.mark.parametrize(("promise", "test"), PROMISES.items(), ids=list(PROMISES))
def test_promise_has_its_test(promise: str, test: str) -> None:
    assert test in DEFINED, f"{promise} has no test named {test}"
