#!/usr/bin/env bash
# Install the peers of the benchmark into .bench/sockets, apart from Darkroom. A stamp makes a second run free.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
bench=.bench/sockets

for tool in node npm; do
    command -v "$tool" >/dev/null || { echo "The benchmark needs $tool (on Debian and Ubuntu: apt install nodejs npm)" >&2; exit 1; }
done
stamp=$(cat "$here"/package*.json "$here/setup.sh" | cksum)
[ "$(cat "$bench/.installed" 2>/dev/null)" = "$stamp" ] && exit 0
mkdir -p "$bench"
cp "$here"/package*.json "$bench/"
npm install --prefix "$bench" --no-save --silent --no-audit --no-fund
echo "$stamp" > "$bench/.installed"
