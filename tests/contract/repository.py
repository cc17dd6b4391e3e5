"""What the checks of the repository itself read: its files, its documents, its members."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MEMBERS = sorted(file.parent for file in ROOT.glob("*/*/pyproject.toml"))
DOCUMENTS = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("*/*/README.md")),
]


def own_files(*suffixes: str) -> list[Path]:
    """List the files that are or will be in the repository and end in one of the suffixes."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    files = (ROOT / name for name in listing.stdout.split("\0") if name.endswith(suffixes))
    return [file for file in files if file.is_file()]


def fenced_lines(document: Path) -> Iterator[str]:
    """Yield the lines inside fenced blocks of a document; a command inside `"$(...)"` is a line like any other."""
    inside = False
    for line in document.read_text().splitlines():
        if line.lstrip().startswith("```"):
            inside = not inside
        elif inside:
            yield line.strip().removeprefix("$ ").replace('"$(', " ").replace(')"', " ")
