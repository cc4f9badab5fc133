# Starts the image's own script, or initdb and the server where it has none.
set -eu
# Whoever has once started a server here has left postmaster.opts, and whoever
# has restored a backup, backup_label. Without them initdb was interrupted, and
# what it left can't be used.
if [ -d "$PGDATA" ] && [ ! -e "$PGDATA/postmaster.opts" ] && [ ! -e "$PGDATA/backup_label" ]; then
  rm -rf "$PGDATA"
fi
if command -v docker-entrypoint.sh >/dev/null 2>&1; then
  exec docker-entrypoint.sh "$@"
fi
if [ ! -e "$PGDATA/PG_VERSION" ]; then
  # shellcheck disable=SC2086
  initdb --pgdata="$PGDATA" --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth=scram-sha-256 $POSTGRES_INITDB_ARGS
fi
exec "$@"
