#!/usr/bin/env bash
# Build images with docker or podman, and print their sizes. Usage: build.sh [IMAGE...]; by default all but CUDA.
# ENGINE chooses the program, ENGINE_BUILD_OPTIONS are passed to its `build`, PREFIX begins the names. CUDA is the backend
# of gpu-worker-cuda, TORCH_BACKEND that of gpu-worker.
set -euo pipefail
cd "$(dirname "$0")/../.."
engine=${ENGINE:-$(command -v docker || command -v podman || true)}
[ -n "$engine" ] || { echo "make images needs docker or podman: apt-get install podman buildah" >&2; exit 1; }
prefix=${PREFIX:-darkroom}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' services/platform-api/pyproject.toml)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
source=$(git config --get remote.origin.url 2>/dev/null | grep -E '^https://[^@]*$' || true)
read -ra options <<<"${ENGINE_BUILD_OPTIONS:-}"
[ $# -gt 0 ] || set -- platform-api queue-api webhook-dispatcher connectors gpu-worker

built=()
for image in "$@"; do
    target=$image backend=()
    case $image in
        platform-api | queue-api | webhook-dispatcher | connectors) ;;
        gpu-worker) backend=(--build-arg "TORCH_BACKEND=${TORCH_BACKEND-cpu}") ;;
        gpu-worker-cuda) target=gpu-worker backend=(--build-arg "TORCH_BACKEND=${CUDA:-cu128}") ;;
        *) echo "There is no image $image: platform-api, queue-api, webhook-dispatcher, connectors, gpu-worker, gpu-worker-cuda" >&2; exit 2 ;;
    esac
    "$engine" build ${options[@]+"${options[@]}"} --file deploy/images/Dockerfile --target "$target" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" --build-arg "SOURCE=$source" \
        ${backend[@]+"${backend[@]}"} --tag "$prefix/$image:$version" --tag "$prefix/$image:latest" .
    built+=("$prefix/$image:$version")
done
for image in "${built[@]}"; do
    bytes=$("$engine" image inspect --format '{{.Size}}' "$image")
    printf '%-40s %4d MB\n' "$image" $((bytes / 1000000))
done
