"""Check that this tree can be released, and build its wheels into dist/.

Usage: .release/bin/python deploy/release/check.py. Prints each finding with what to do, and exits 1 if there is one.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / "dist"
CONSTANT = re.compile(r'^VERSION = "([^"]+)"$', re.MULTILINE)
IMAGE_TAG = re.compile(r"(?:DARKROOM_VERSION:-|newTag: )\"?(\d[\w.]*)")
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc)\d+)?")


def main() -> int:
    """Run all checks; the wheels are built only if the others find nothing."""
    findings = [*check_versions(ROOT), *check_changelog(ROOT), *check_payloads(ROOT), *check_tree(ROOT)]
    if not findings:
        findings = list(check_wheels(ROOT))
    for finding in findings:
        print(finding, file=sys.stderr)
    if not findings:
        print(f"Version {version_of(ROOT)} can be released. Its wheels are in {DIST.relative_to(ROOT)}/.")
    return 1 if findings else 0


def members(root: Path) -> list[Path]:
    """Return the folders of all distributions."""
    found = [path for part in ("libs", "services", "deploy") for path in root.glob(f"{part}/*/pyproject.toml")]
    return sorted(path.parent for path in found)


def versions(root: Path) -> dict[str, str]:
    """Return every version that the tree names, by file."""
    found = {}
    for member in members(root):
        file = member / "pyproject.toml"
        found[str(file.relative_to(root))] = tomllib.loads(file.read_text())["project"]["version"]
        for source in member.glob("src/*/*.py"):
            if constant := CONSTANT.search(source.read_text()):
                found[str(source.relative_to(root))] = constant[1]
    for package in root.glob("services/*/package*.json"):
        found[str(package.relative_to(root))] = json.loads(package.read_text())["version"]
    for file in (root / "docker-compose.yml", *sorted(root.glob("deploy/kubernetes/overlays/*/kustomization.yaml"))):
        if file.exists() and (tags := set(IMAGE_TAG.findall(file.read_text()))):
            found[str(file.relative_to(root))] = " and ".join(sorted(tags))
    return found


def version_of(root: Path) -> str:
    """Return the version of the release: that of platform-api, which the images have, too."""
    return versions(root)["services/platform-api/pyproject.toml"]


def check_versions(root: Path) -> Iterator[str]:
    """Yield files whose version differs from that of the release."""
    wanted = version_of(root)
    if not VERSION.fullmatch(wanted):
        yield f"{wanted} is no version of the form 1.2.3 or 1.2.3rc1: correct services/platform-api/pyproject.toml."
    for file, version in versions(root).items():
        if version != wanted:
            yield f"{file} has version {version} instead of {wanted}: all distributions have one version."


def check_changelog(root: Path) -> Iterator[str]:
    """Yield what the changelog lacks: the section of the version, with a date and text, and nothing unreleased."""
    sections = re.split(r"^## ", (root / "CHANGELOG.md").read_text(), flags=re.MULTILINE)[1:]
    bodies = {head.strip(): body.strip() for head, _, body in (section.partition("\n") for section in sections)}
    wanted = version_of(root)
    dated = [head for head in bodies if re.fullmatch(rf"\[{re.escape(wanted)}\] - \d{{4}}-\d\d-\d\d", head)]
    if not dated:
        yield f"CHANGELOG.md has no section '## [{wanted}] - YYYY-MM-DD': rename [Unreleased], and begin a new one."
    elif not bodies[dated[0]]:
        yield f"The section [{wanted}] of CHANGELOG.md is empty: it becomes the release notes."
    if bodies.get("[Unreleased]"):
        yield "CHANGELOG.md has entries in [Unreleased]: move them to the section of the release."


def check_payloads(root: Path) -> Iterator[str]:
    """Yield what is missing of the payloads by which the next release shows that it runs beside this one."""
    folder = root / "proto-schemas" / "releases" / version_of(root)
    if not any(folder.glob("*.json")):
        yield f"{folder.relative_to(root)} has no payloads: run `make release-payloads`, and commit them."


def check_tree(root: Path) -> Iterator[str]:
    """Yield files that are changed or new in the working tree."""
    command = ["git", "status", "--porcelain"]
    changed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    if changed:
        yield f"{len(changed)} files are not committed, such as {changed[0][3:]}: commit or remove them."


def check_wheels(root: Path) -> Iterator[str]:
    """Build a wheel of each distribution; yield those that cannot be built, and what twine refuses."""
    shutil.rmtree(root / "dist", ignore_errors=True)
    for member in members(root):
        # Without isolation: setuptools is that of constraints.txt, and nothing is downloaded.
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(root / "dist")]
        built = subprocess.run([*build, str(member)], capture_output=True, text=True, check=False)
        shutil.rmtree(member / "build", ignore_errors=True)
        if built.returncode:
            yield f"{member.relative_to(root)} cannot be built:\n{(built.stdout + built.stderr)[-2000:]}"
    wheels = sorted(str(wheel) for wheel in (root / "dist").glob("*.whl"))
    checked = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *wheels], capture_output=True, text=True, check=False
    )
    if checked.returncode:
        yield f"twine refuses a wheel:\n{checked.stdout[-2000:]}"


if __name__ == "__main__":
    sys.exit(main())
