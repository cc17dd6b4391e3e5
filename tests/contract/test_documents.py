"""Every command that README and CONTRIBUTING print exists."""

import re
import shlex
from pathlib import Path

import pytest
from darkroom_client.cli.app import build_app
from typer.core import TyperGroup
from typer.main import get_command

from contract.repository import DOCUMENTS, ROOT, fenced_lines

LINES = [(document.name, line) for document in DOCUMENTS if document.exists() for line in fenced_lines(document)]
MAKE_TARGETS = set(re.findall(r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def words_after(program: str) -> list[tuple[str, list[str]]]:
    """Return the words that follow the program in each line that calls it."""
    called = [(document, shlex.split(line, comments=True)) for document, line in LINES if program in line.split()]
    return [(document, words[words.index(program) + 1 :]) for document, words in called if program in words]


@pytest.mark.parametrize(("document", "words"), words_after("make"))
def test_a_printed_make_target_exists(document: str, words: list[str]) -> None:
    targets = {word for word in words if re.fullmatch(r"[a-z0-9-]+", word)}
    assert targets <= MAKE_TARGETS, f"{document} names a make target that does not exist"


@pytest.mark.parametrize(("document", "words"), words_after("darkroom") + words_after(".venv/bin/darkroom"))
def test_a_printed_darkroom_command_exists_with_its_options(document: str, words: list[str]) -> None:
    command = get_command(build_app())
    while isinstance(command, TyperGroup) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    is_command = not isinstance(command, TyperGroup) or command.invoke_without_command or words == ["--help"]
    assert is_command, f"{document} names no command: {words}"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known, f"{document} uses an option that does not exist"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_the_document_exists(document: Path) -> None:
    assert document.is_file()


def test_the_printed_connector_is_the_one_that_passes_the_suite() -> None:
    example = ROOT / "services/gpu-worker/tests/conformance/example_connector.py"
    assert f"```python\n{example.read_text()}```" in (ROOT / "docs/adding-a-connector.md").read_text()


def test_every_make_target_is_explained() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert set(phony[1].split()) == MAKE_TARGETS
