# Makes a copy of another server's data one that this server can start from:
# recovers it, gives its superuser the password that the copy came with, and puts
# it in place. Killed at any point, it does what is left when it runs again.
set -eu
new="$PGDATA.new"
trap 'exit 1' TERM # the server dies with the container's first process
if [ ! -d "$PGDATA" ]; then
  rm -f "$new/postmaster.pid" # of a container that was killed
  postgres --single -D "$new" "$@" <"$PGDATA.sql" >/dev/null &
  wait "$!"
  : >"$new/postmaster.opts" # as a server that has run here leaves it
  mv "$new" "$PGDATA"
fi
sync "${PGDATA%/*}"
rm -f "$PGDATA.sql"
