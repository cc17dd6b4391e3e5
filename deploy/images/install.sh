#!/bin/sh
# Install members of this repository into /opt/venv, with the versions of constraints.txt. Runs while an image is built.
# Usage: install.sh MEMBER...    a member may have extras, as in 'gpu-worker[torch]'; TORCH_BACKEND chooses the build
set -eu
backend=${TORCH_BACKEND:+--torch-backend $TORCH_BACKEND}
for member do
    folder=${member%%[*}
    [ -d "libs/$folder" ] && folder=libs/$folder || folder=services/$folder
    case $member in *"["*) extras="[${member#*[}" ;; *) extras="" ;; esac
    set -- "$@" "./$folder$extras"
    shift
done
# shellcheck disable=SC2086  # an option and its value, or nothing
uv pip install --quiet $backend --build-constraints constraints.txt -c constraints.txt "$@"
