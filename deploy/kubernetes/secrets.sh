#!/bin/sh
# Print the Secrets of an installation with new passwords, for `kubectl apply -f -`. Keep the output in your own safe.
# Usage: secrets.sh [POSTGRES_HOST[:PORT]] [REDIS_HOST[:PORT]]; by default the stores inside the cluster.
# AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT of the environment go to the services that store objects.
set -eu
postgres=${1:-postgres:5432}
redis=${2:-valkey:6379}
random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 43; }
secret() {
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: darkroom}\nstringData:\n' "$1"
    shift
    for pair do printf '  %s: "%s"\n' "${pair%%=*}" "${pair#*=}"; done
}

platform_db=$(random) webhooks_db=$(random) signing=$(random)
platform=$(random) queue=$(random) worker=$(random) webhooks=$(random)
secret darkroom-stores "POSTGRES_PASSWORD=$(random)" "PLATFORM_DATABASE_PASSWORD=$platform_db" \
    "WEBHOOKS_DATABASE_PASSWORD=$webhooks_db" "REDIS_ADMIN_PASSWORD=$(random)" "REDIS_PLATFORM_PASSWORD=$platform" \
    "REDIS_QUEUE_PASSWORD=$queue" "REDIS_WORKER_PASSWORD=$worker" "REDIS_WEBHOOKS_PASSWORD=$webhooks" \
    "REDIS_READER_PASSWORD=$(random)"
secret darkroom-platform "PLATFORM_DATABASE_URL=postgresql://darkroom_platform:$platform_db@$postgres/darkroom" \
    "REDIS_URL=redis://darkroom-platform:$platform@$redis/0" "JWT_SECRET=$(random)" "SIGNING_SECRET=$signing"
secret darkroom-queue "REDIS_URL=redis://darkroom-queue:$queue@$redis/0" "AUTH_TOKEN=$(random)" "SIGNING_SECRET=$signing"
secret darkroom-webhooks "WEBHOOKS_DATABASE_URL=postgresql://darkroom_webhooks:$webhooks_db@$postgres/darkroom" \
    "REDIS_URL=redis://darkroom-webhooks:$webhooks@$redis/0" "SECRETS_KEY=$(random)"
secret darkroom-worker "REDIS_URL=redis://darkroom-worker:$worker@$redis/0"
case ${AWS_ENDPOINT:-} in http://*) plain=true ;; *) plain=false ;; esac
secret darkroom-objects "AWS_ALLOW_HTTP=$plain" ${AWS_ACCESS_KEY_ID:+"AWS_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID"} \
    ${AWS_SECRET_ACCESS_KEY:+"AWS_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY"} ${AWS_ENDPOINT:+"AWS_ENDPOINT=$AWS_ENDPOINT"}
