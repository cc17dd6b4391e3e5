"""For tables that name, for each promise of a document, the test that shows it."""

import re
from pathlib import Path


def names_of_tests(folder: Path) -> set[str]:
    """Return the names of the tests in a folder and those below it."""
    files = folder.rglob("test_*.py")
    return {name for file in files for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text(), re.M)}
