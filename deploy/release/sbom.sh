#!/usr/bin/env bash
# Write the software bill of materials (CycloneDX 1.6, JSON) of the Python environment in .venv into dist/.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/release/tools.sh
version=$(sed -n 's/^version = "\(.*\)"/\1/p' services/platform-api/pyproject.toml)
mkdir -p dist
file=dist/darkroom-$version.cdx.json
.release/bin/cyclonedx-py environment --spec-version 1.6 --output-format JSON --output-reproducible --output-file "$file" .venv
echo "$file: $(grep -c '"bom-ref"' "$file") components"
