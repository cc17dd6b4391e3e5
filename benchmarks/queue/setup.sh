#!/usr/bin/env bash
# Install the peers of the benchmark into .bench, apart from Darkroom. A stamp makes a second run free.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.."
bench=.bench

for tool in redis-server node npm; do
    command -v "$tool" >/dev/null ||
        { echo "The benchmark needs $tool (on Debian and Ubuntu: apt install redis-server nodejs npm)" >&2; exit 1; }
done
stamp=$(cat "$here"/peers*.txt "$here"/package*.json "$here/setup.sh" | cksum)
[ "$(cat "$bench/.installed" 2>/dev/null)" = "$stamp" ] && exit 0

echo "Installing the peers into $bench ..."
export UV_FIND_LINKS=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
[ -n "$UV_FIND_LINKS" ] || unset UV_FIND_LINKS
uv=.venv/bin/uv
for set in peers peers-arq; do
    "$uv" venv --quiet --clear --python .venv/bin/python "$bench/$set"
    "$uv" pip install --quiet --python "$bench/$set/bin/python" -r "$here/$set.txt"
done
mkdir -p "$bench/node"
cp "$here"/package*.json "$bench/node/"
# `npm install` and not `npm ci`: a registry that lacks the optional builds for other systems must do.
npm install --prefix "$bench/node" --no-save --silent --no-audit --no-fund
echo "$stamp" > "$bench/.installed"
