"""Results of earlier steps inside a later step's text: `{{steps.00.text}}`."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\{\{steps\.(\d{2})\.text\}\}")


def fill_in(template: str, texts: Mapping[int, str]) -> str:
    """Replace references to steps in `texts`; a reference to any other step stays as it is."""
    return _REFERENCE.sub(lambda match: texts.get(int(match[1]), match[0]), template)
