"""Makes the text of a result from what a server sent."""

import json

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.domain.failures import Failure

MAX_TEXT_BYTES = 200_000
"""Size of a text as JSON. The queue takes results of at most 256,000 bytes."""


def result_text(text: str) -> str:
    """Return the text without characters that cannot be stored: U+0000 and lone surrogates become U+FFFD.

    Raises an OUTPUT_TOO_LARGE Failure for a text of more than 200,000 bytes.
    """
    storable = text.replace("\x00", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    size = len(json.dumps(storable, ensure_ascii=False).encode())
    if size > MAX_TEXT_BYTES:
        raise Failure(
            StepErrorCode.OUTPUT_TOO_LARGE, f"The text of the result has {size:,} bytes; at most {MAX_TEXT_BYTES:,} fit"
        )
    return storable
