"""The text that a language model writes, as it comes, with progress."""

from darkroom_schemas.errors import StepErrorCode

from gpu_worker.connectors.meter import Meter
from gpu_worker.connectors.result_text import MAX_TEXT_BYTES
from gpu_worker.domain.failures import Failure


class WrittenText:
    """Collects the parts of a text. Each part counts as a token: that is what servers send.

    The progress is that of the limit of tokens; without one, only the number of characters is known.
    """

    def __init__(self, meter: Meter, max_tokens: int | None) -> None:
        self._meter, self._max_tokens = meter, max_tokens
        self._parts: list[str] = []
        self._characters = 0

    @property
    def text(self) -> str:
        """Return the text so far."""
        return "".join(self._parts)

    def clear(self) -> None:
        """Begin again."""
        self._parts, self._characters = [], 0

    def add(self, part: str) -> None:
        """Add a part; raises an OUTPUT_TOO_LARGE Failure for a text that no result holds."""
        if not part:
            return
        self._parts.append(part)
        self._characters += len(part)
        if self._characters > MAX_TEXT_BYTES:
            raise Failure(StepErrorCode.OUTPUT_TOO_LARGE, f"The model wrote more than {MAX_TEXT_BYTES:,} characters")
        message = f"{self._characters} characters"
        if self._max_tokens is None:
            self._meter.say(message)
        else:
            tokens = min(len(self._parts), self._max_tokens)
            self._meter.at(
                100.0 * tokens / self._max_tokens, message, current_step=tokens, total_steps=self._max_tokens
            )
