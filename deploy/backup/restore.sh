#!/bin/sh
# Restore a backup of backup.sh into an empty database, and check it. Stop all services first, and empty Redis afterwards.
# Usage: DATABASE_URL=postgresql://admin:…@host/darkroom [OBJECTS_DIR=/path] restore.sh FOLDER [--replace]
#
# The roles must exist (deploy/postgres/roles.sql). --replace drops what the database contains. The databases are restored
# in one transaction: they are complete, or as before. Objects are added; those of newer jobs stay and are deleted later.
set -eu
[ $# -ge 1 ] || { echo "Usage: DATABASE_URL=… [OBJECTS_DIR=…] restore.sh FOLDER [--replace]" >&2; exit 2; }
: "${DATABASE_URL:?set DATABASE_URL to the database of Darkroom, as its administrator}"
source=$1
here=$(dirname "$0")
query() { psql --dbname="$DATABASE_URL" --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }

(cd "$source" && sha256sum --check --quiet SHA256SUMS) || { echo "$source is damaged; nothing was changed" >&2; exit 1; }
[ ! -e "$source/objects.tar" ] || [ -n "${OBJECTS_DIR:-}" ] ||
    { echo "The backup contains objects: set OBJECTS_DIR to the folder of the object store" >&2; exit 2; }
tables=$(query --command="SELECT count(*) FROM pg_tables WHERE schemaname IN ('platform', 'webhooks')")
if [ "$tables" -gt 0 ] && [ "${2:-}" != --replace ]; then
    echo "The database contains $tables tables of Darkroom already; --replace drops them" >&2
    exit 1
fi
users=$(query --command="SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
    AND application_name IN ('platform-api', 'webhook-dispatcher')")
[ "$users" -eq 0 ] || { echo "$users connections of services are open: stop platform-api and webhook-dispatcher" >&2; exit 1; }

# Not --clean, which drops what the dump knows: tables of a newer release would stay in the way. If pg_restore fails, the
# last lines end what it had begun and are an error, with which psql rolls everything back.
{
    echo 'DROP SCHEMA IF EXISTS platform, webhooks CASCADE;'
    pg_restore --file=- "$source/database.dump" || printf '\n\\.\nSELECT pg_restore_failed;\n'
} | psql --dbname="$DATABASE_URL" --no-psqlrc --no-password --quiet --set=ON_ERROR_STOP=1 --single-transaction >/dev/null
if [ -e "$source/objects.tar" ]; then
    mkdir -p "$OBJECTS_DIR"
    tar -C "$OBJECTS_DIR" -xf "$source/objects.tar"
fi
"$here/verify.sh"
echo "Restored the state of $(cat "$source/made-at"). Now empty Redis (FLUSHALL as its administrator), start the services,"
echo "and run darkroom doctor. Jobs that were active are submitted again by themselves."
