#!/bin/sh
# Check what must hold in every database of Darkroom: balances, reserves, steps, and the objects of assets.
# Usage: DATABASE_URL=… [OBJECTS_DIR=/path] verify.sh    Exits 1 if anything does not hold.
set -eu
: "${DATABASE_URL:?set DATABASE_URL to the database of Darkroom}"
query() { psql --dbname="$DATABASE_URL" --no-psqlrc --no-password --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 "$@"; }

wrong=$(query --file="$(dirname "$0")/invariants.sql")
missing=0
if [ -n "${OBJECTS_DIR:-}" ]; then
    missing=$(query --command="SELECT object_key FROM platform.assets UNION ALL
        SELECT thumbnail_key FROM platform.assets WHERE thumbnail_key IS NOT NULL" |
        while IFS= read -r key; do [ -f "$OBJECTS_DIR/$key" ] || echo "$key"; done | wc -l)
fi
if [ -n "$wrong" ] || [ "$missing" -gt 0 ]; then
    [ -z "$wrong" ] || printf '%s\n' "$wrong" >&2
    [ "$missing" -eq 0 ] || echo "$missing objects of assets are missing in $OBJECTS_DIR" >&2
    exit 1
fi
counts=$(query --field-separator=' ' --command="SELECT (SELECT count(*) FROM platform.users), (SELECT count(*) FROM platform.jobs),
    (SELECT count(*) FROM platform.assets)")
# shellcheck disable=SC2086  # three numbers
set -- $counts
echo "All invariants hold: $1 users, $2 jobs, $3 assets"
