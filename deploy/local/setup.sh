#!/usr/bin/env bash
# Install Darkroom into .venv of this checkout. Usage: setup.sh [stack|dev]   (PYTHON=python3.12 chooses another Python)
# A stamp of everything that decides the result makes a second run free.
set -euo pipefail
cd "$(dirname "$0")/../.."
wanted=${1:-stack}
venv=.venv
python=${PYTHON:-python3}
uv_version=$(sed -n 's/^uv==//p' constraints.txt)

inputs=(requirements/*.txt constraints.txt deploy/local/setup.sh libs/*/pyproject.toml services/*/pyproject.toml deploy/*/pyproject.toml)
stamp="$(cat "${inputs[@]}" | cksum) $PWD"
for installed in "$wanted" dev; do  # dev contains stack
    [ "$(cat "$venv/.installed-$installed" 2>/dev/null)" = "$stamp" ] && exit 0
done

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    { echo "Darkroom needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv" ||
    { echo "This Python can't make virtual environments (on Debian and Ubuntu: apt install python3-venv)" >&2; exit 1; }

# uv reads none of pip's variables: hand on a local folder of wheels.
wheels=${UV_FIND_LINKS:-${PIP_FIND_LINKS:-}}
[ -z "$wheels" ] || export UV_FIND_LINKS="$wheels"
torch=()
if [ -z "$wheels" ] && [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null; then
    torch=(--torch-backend cpu)  # the default build for Linux carries 3 GB of CUDA
fi

unset PYTHONDONTWRITEBYTECODE
pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
echo "Installing Darkroom ($wanted) into $venv ..."
if [ -x "$venv/bin/uv" ] || "${pip[@]}" "uv==$uv_version"; then
    install=("$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --build-constraints constraints.txt)
else
    echo "uv can't be installed here: using pip, which is slower" >&2
    install=("${pip[@]}")
    torch=()
fi
"${install[@]}" ${torch[@]+"${torch[@]}"} -c constraints.txt -r "requirements/$wanted.txt"
"${install[@]}" -c constraints.txt --no-deps -r requirements/tokenizers.txt
echo "$stamp" > "$venv/.installed-$wanted"
