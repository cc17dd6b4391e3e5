"""What make release-check finds in a tree that cannot be released."""

import importlib.util
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FIRST = '[project]\nname = "platform-api"\nversion = "1.2.3"\n'


@pytest.fixture(scope="module")
def check() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_check", ROOT / "deploy/release/check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("platform-api", "queue-api"):
        package = tmp_path / "services" / name / "src" / name.replace("-", "_")
        package.mkdir(parents=True)
        (tmp_path / "services" / name / "pyproject.toml").write_text(FIRST.replace("platform-api", name))
        (package / "__init__.py").write_text('VERSION = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n- All.\n")
    payloads = tmp_path / "proto-schemas" / "releases" / "1.2.3"
    payloads.mkdir(parents=True)
    (payloads / "Event.json").write_text("{}")
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    return tmp_path


def test_a_complete_tree_has_no_findings(check: ModuleType, tree: Path) -> None:
    assert [*check.check_versions(tree), *check.check_changelog(tree), *check.check_payloads(tree)] == []


def test_missing_payloads_are_found(check: ModuleType, tree: Path) -> None:
    (tree / "proto-schemas" / "releases" / "1.2.3" / "Event.json").unlink()
    [finding] = check.check_payloads(tree)
    assert "make release-payloads" in finding


def test_images_of_another_version_are_found(check: ModuleType, tree: Path) -> None:
    images = ["image: queue-api:${DARKROOM_VERSION:-1.2.3}", "image: platform-api:${DARKROOM_VERSION:-1.2.2}"]
    (tree / "docker-compose.yml").write_text("\n".join(images))
    [finding] = check.check_versions(tree)
    assert finding.startswith("docker-compose.yml has version 1.2.2 and 1.2.3 instead of 1.2.3")


def test_this_repository_has_one_version(check: ModuleType) -> None:
    assert list(check.check_versions(ROOT)) == []


@pytest.mark.parametrize("file", ["queue-api/pyproject.toml", "queue-api/src/queue_api/__init__.py"])
def test_a_second_version_is_found(check: ModuleType, tree: Path, file: str) -> None:
    path = tree / "services" / file
    path.write_text(path.read_text().replace("1.2.3", "1.2.2"))
    [finding] = check.check_versions(tree)
    assert finding.startswith(f"services/{file} has version 1.2.2 instead of 1.2.3")


@pytest.mark.parametrize(
    ("changelog", "finding"),
    [
        ("## [Unreleased]\n", "has no section"),
        ("## [Unreleased]\n\n## [1.2.3]\n\n- All.\n", "has no section"),
        ("## [Unreleased]\n\n- More.\n\n## [1.2.3] - 2026-11-28\n\n- All.\n", "has entries in [Unreleased]"),
        ("## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n## [1.2.2] - 2026-10-01\n\n- Less.\n", "is empty"),
    ],
)
def test_a_changelog_without_release_notes_is_found(
    check: ModuleType, tree: Path, changelog: str, finding: str
) -> None:
    (tree / "CHANGELOG.md").write_text(changelog)
    [found] = check.check_changelog(tree)
    assert finding in found


def test_uncommitted_files_are_found(check: ModuleType, tree: Path) -> None:
    [finding] = check.check_tree(tree)
    assert "not committed" in finding
