#!/usr/bin/env bash
# Check what deploys Darkroom: Dockerfile, compose file, shell scripts, Kubernetes manifests, alerts. Takes a few seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PWD/.venv/deploy-tools:$PATH
for program in hadolint check-jsonschema shellcheck kubectl promtool; do
    command -v "$program" >/dev/null || { echo "$program is missing: run deploy/tools.sh" >&2; exit 1; }
done

hadolint --config deploy/images/hadolint.yaml deploy/images/Dockerfile
check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
shellcheck --severity=style deploy/*.sh deploy/*/*.sh
for overlay in deploy/kubernetes/overlays/*; do
    kubectl kustomize "$overlay" | python -P tests/support/manifests.py "$overlay"
done
promtool check config --syntax-only --lint-fatal deploy/observability/prometheus.yml >/dev/null
promtool check rules deploy/observability/alerts.yml >/dev/null
(cd deploy/observability && promtool test rules alerts.test.yml)
