"""A built package carries every file that its code reads; editable installs would hide a missing one."""

import tomllib
from pathlib import Path

import pytest

from contract.repository import MEMBERS, own_files


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_every_data_file_of_a_package_is_packed(member: Path) -> None:
    patterns = tomllib.loads((member / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = {file for package, globs in patterns.items() for g in globs for file in (member / "src" / package).glob(g)}
    packages = [member / "src" / package for package in patterns]
    data = [file for file in own_files("") if not {*packages}.isdisjoint(file.parents) and file.suffix != ".py"]
    assert [file for file in data if file not in packed] == []
