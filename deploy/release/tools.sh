#!/usr/bin/env bash
# Install the programs of make release-check and make sbom into .release, with the versions of constraints.txt.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=$(cat requirements/release.txt constraints.txt | cksum)
[ "$(cat .release/.installed 2>/dev/null)" != "$wanted" ] || exit 0
python3 -m venv .release
.release/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -r requirements/release.txt
echo "$wanted" > .release/.installed
