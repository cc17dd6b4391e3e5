#!/bin/sh
# Replace the containers of services without a gap: new ones start beside the old ones, which stop once the new ones work.
# Usage: replace.sh [SERVICE...]   One after the other; all but workers by default, of which two might not fit on a GPU.
# ENGINE=podman uses podman and podman-compose.
set -eu
cd "$(dirname "$0")/../.."
engine=${ENGINE:-docker}
case $engine in podman) compose=podman-compose ;; *) compose="$engine compose" ;; esac
containers() { # of a service, by the labels that Compose gives them
    "$engine" ps --quiet --filter "label=com.docker.compose.service=$1" \
        --filter "label=com.docker.compose.project=${COMPOSE_PROJECT_NAME:-darkroom}"
}
port_of() {
    case $1 in
        platform-api) echo 3001 ;; platform-loops) echo 3010 ;; queue-api) echo 9820 ;; webhook-dispatcher) echo 3002 ;;
        *) echo "Not a service that can run twice: $1" >&2; exit 2 ;;
    esac
}
# shellcheck disable=SC2086  # a command of two words
scale() { $compose up --detach --no-build --no-deps --no-recreate --scale "$1=$2" "$1"; }
wait_for() { # CONTAINER PORT
    tries=0
    until "$engine" exec "$1" python -m darkroom_chassis.healthcheck "$2" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt "${READY_TRIES:-300}" ] || return 1
        sleep 1
    done
}

[ $# -gt 0 ] || set -- queue-api platform-loops platform-api webhook-dispatcher
for service; do
    port=$(port_of "$service")
    old=$(containers "$service")
    count=$(printf '%s\n' "$old" | grep -c . || true)
    [ "$count" -gt 0 ] || { scale "$service" 1; continue; }
    scale "$service" $((2 * count))
    new=$(containers "$service" | grep -vxF "$old") || { echo "No new container of $service was started" >&2; exit 1; }
    for container in $new; do
        # shellcheck disable=SC2086  # several ids
        wait_for "$container" "$port" || {
            echo "$service does not become ready; the new containers are removed, the old ones still run. Its log:" >&2
            "$engine" logs --tail 20 "$container" >&2
            "$engine" rm --force $new >/dev/null
            exit 1
        }
    done
    # shellcheck disable=SC2086  # several ids
    "$engine" stop $old >/dev/null
    # shellcheck disable=SC2086
    "$engine" rm $old >/dev/null
    echo "$service: $count replaced"
done
