#!/bin/sh
# Write what docker-compose.yml needs into .env: a new secret for each name that has none. Needs nothing but a shell.
# Usage: init.sh [--domain NAME] [--gpu] [--s3] [--observability]     It may be run again; what is there stays as it is.
set -eu
cd "$(dirname "$0")/../.."
file=${ENV_FILE:-.env}
umask 077
touch "$file"

profiles=$(sed -n 's/^COMPOSE_PROFILES=//p' "$file")
add_profile() {
    case ",$profiles," in *",$1,"*) ;; *) profiles=${profiles:+$profiles,}$1 ;; esac
}
has() { grep -q "^$1=" "$file"; }
set_if_missing() { has "$1" || printf '%s=%s\n' "$1" "$2" >>"$file"; }
replace() {
    grep -v "^$1=" "$file" >"$file.new" || true
    printf '%s=%s\n' "$1" "$2" >>"$file.new"
    mv "$file.new" "$file"
}
secret() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 43; }

while [ $# -gt 0 ]; do
    case $1 in
        --domain)
            [ -n "${2:-}" ] || { echo "--domain needs a name, such as images.example.com" >&2; exit 2; }
            replace DARKROOM_DOMAIN "$2"
            replace PUBLIC_URL "https://$2"
            add_profile tls
            shift
            ;;
        --gpu) add_profile gpu ;;
        --s3)
            set_if_missing OBJECT_STORE_URL s3://darkroom/objects
            set_if_missing AWS_ENDPOINT http://seaweedfs:8333
            set_if_missing AWS_ALLOW_HTTP true
            set_if_missing AWS_ACCESS_KEY_ID darkroom
            set_if_missing AWS_SECRET_ACCESS_KEY "$(secret)"
            add_profile s3
            ;;
        --observability) add_profile observability ;;
        *) echo "Usage: init.sh [--domain NAME] [--gpu] [--s3] [--observability]" >&2; exit 2 ;;
    esac
    shift
done

for name in POSTGRES_PASSWORD PLATFORM_DATABASE_PASSWORD WEBHOOKS_DATABASE_PASSWORD \
    REDIS_ADMIN_PASSWORD REDIS_PLATFORM_PASSWORD REDIS_QUEUE_PASSWORD REDIS_WORKER_PASSWORD REDIS_WEBHOOKS_PASSWORD \
    REDIS_READER_PASSWORD JWT_SECRET SIGNING_SECRET SECRETS_KEY AUTH_TOKEN GRAFANA_PASSWORD; do
    set_if_missing "$name" "$(secret)"
done
# One of the two workers: the pictures of the small models must not mix with those of the real ones.
case ",$profiles," in
    *,gpu,*)
        case ",$profiles," in *,cpu,*)
            echo "The worker for the CPU is replaced. If it runs: docker compose rm --stop --force gpu-worker" ;;
        esac
        profiles=$(printf %s "$profiles" | tr , '\n' | grep -vx cpu | paste -sd , -)
        ;;
    *) add_profile cpu ;;
esac
replace COMPOSE_PROFILES "$profiles"
echo "$file is ready. Keep a copy of it in a safe place: without SECRETS_KEY, a backup of the webhooks is of no use."
