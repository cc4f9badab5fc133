# Makes the server end its clients and itself (a fast shutdown), whatever signal
# comes next. Before there is a server, it ends what prepares one: the first
# process of a container ignores signals that it does not handle.
if read -r pid <"$PGDATA/postmaster.pid"; then
  kill -INT "${pid#-}"
else
  kill -TERM -1
fi
