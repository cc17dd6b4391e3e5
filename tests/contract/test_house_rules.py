"""Rules that hold for every file of the repository."""

import ast
from pathlib import Path

import pytest

from contract.repository import ROOT, own_files

MAX_LINES = 400
SOURCES = (".py", ".lua", ".sql", ".js", ".ts", ".css", ".html", ".sh")


def test_no_source_file_is_longer_than_400_lines() -> None:
    lengths = {file.relative_to(ROOT): len(file.read_text().splitlines()) for file in own_files(*SOURCES)}
    assert {str(file): lines for file, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [file for file in own_files(".py") if "src" in file.parts and not _docstring(file)]
    assert [str(file.relative_to(ROOT)) for file in silent] == []


@pytest.mark.parametrize("member", sorted(file.parent.name for file in own_files("py.typed")))
def test_folder_and_import_share_one_name(member: str) -> None:
    (marker,) = [file for file in own_files("py.typed") if file.parent.name == member]
    folder = marker.parents[2].name
    assert member in (folder.replace("-", "_"), f"darkroom_{folder}")


def _docstring(file: Path) -> str | None:
    return ast.get_docstring(ast.parse(file.read_text()))
