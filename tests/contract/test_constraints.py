"""constraints.txt pins everything that an installation consists of."""

import re
import tomllib
from importlib.metadata import distributions

from contract.repository import MEMBERS, ROOT

REQUIREMENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NOT_OURS_TO_PIN = {"pip"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


PINNED = {
    canonical(name): version
    for name, _, version in (line.partition("==") for line in (ROOT / "constraints.txt").read_text().splitlines())
}
OWN = {canonical(tomllib.loads((member / "pyproject.toml").read_text())["project"]["name"]) for member in MEMBERS}


def test_everything_installed_is_pinned_to_its_version() -> None:
    installed = {canonical(found.name): found.version.partition("+")[0] for found in distributions()}
    others = {name: version for name, version in installed.items() if name not in OWN | NOT_OURS_TO_PIN}
    assert {name: version for name, version in others.items() if PINNED.get(name) != version} == {}


def test_everything_a_member_asks_for_is_pinned() -> None:
    asked = set()
    for member in MEMBERS:
        project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
        extras = project.get("optional-dependencies", {}).values()
        for requirement in [*project.get("dependencies", []), *(one for extra in extras for one in extra)]:
            name = REQUIREMENT_NAME.match(requirement)
            assert name is not None, requirement
            asked.add(canonical(name[0]))
    assert asked - OWN - PINNED.keys() == set()


def test_torchvision_stays_out() -> None:
    # Its build on PyPI does not fit the CPU build of torch, and nothing here needs it.
    assert "torchvision" not in PINNED
