#!/bin/sh
# Back up the databases and, where the object store is a folder, its objects. Services may run meanwhile.
# Usage: DATABASE_URL=postgresql://admin:…@host/darkroom [OBJECTS_DIR=/path] backup.sh FOLDER
#
# FOLDER must not exist; it appears when the backup is complete. Needs pg_dump of the server's version or newer.
# The databases are read first, in one snapshot, and the objects afterwards: every object that a row names is there.
# Redis is not part of it: what waits and runs is also in PostgreSQL, from which it is submitted again after a restore.
set -eu
umask 077
[ $# -eq 1 ] || { echo "Usage: DATABASE_URL=… [OBJECTS_DIR=…] backup.sh FOLDER" >&2; exit 2; }
: "${DATABASE_URL:?set DATABASE_URL to the database of Darkroom, as its administrator}"
target=$1
[ ! -e "$target" ] || { echo "$target exists already; a backup is never overwritten" >&2; exit 2; }
partial=$target.partial
rm -rf "$partial"
mkdir -p "$partial"
trap 'rm -rf "$partial"' EXIT

pg_dump --dbname="$DATABASE_URL" --format=custom --no-password --schema=platform --schema=webhooks \
    --file="$partial/database.dump"
if [ -n "${OBJECTS_DIR:-}" ]; then
    # A file that retention deletes meanwhile is no error: status 1 of tar says that files changed while it read them.
    tar -C "$OBJECTS_DIR" -cf "$partial/objects.tar" . || [ $? -eq 1 ]
fi
date -u +%Y-%m-%dT%H:%M:%SZ >"$partial/made-at"
(cd "$partial" && sha256sum -- * >SHA256SUMS)
mv "$partial" "$target"
trap - EXIT
echo "$target: $(du -sh "$target" | cut -f1)"
