#!/bin/bash
# Entry point of the PostgreSQL image: makes the database cluster at the first start and becomes the server. What it
# understands is what users of the official image rely on.
set -euo pipefail

fail() {
	echo "docker-entrypoint.sh: $*" >&2
	exit 1
}

# Sets a variable from the file that <variable>_FILE names, or to its default.
from_file() {
	local variable=$1 default=${2-} file=$1_FILE
	if [ -n "${!variable-}" ] && [ -n "${!file-}" ]; then
		fail "$variable and $file are both set: use one of them"
	fi
	if [ -n "${!file-}" ]; then
		local content
		content=$(<"${!file}") || fail "cannot read ${!file}, which $file names"
		printf -v "$variable" %s "$content"
	elif [ -z "${!variable-}" ]; then
		printf -v "$variable" %s "$default"
	fi
	unset "$file"
}

# psql as the superuser, over the socket only.
run_sql() {
	PGHOST='' PGHOSTADDR='' PGPASSWORD=$POSTGRES_PASSWORD psql --no-psqlrc --set=ON_ERROR_STOP=1 --no-password \
		--username="$POSTGRES_USER" --dbname="$POSTGRES_DB" "$@"
}

# initdb wants to know its user's name, and a platform may choose users that nobody knows.
name_user() {
	if getent passwd "$(id -u)" >/dev/null || [ -n "${LD_PRELOAD-}" ]; then
		return
	fi
	local wrapper
	wrapper=$(find /usr/lib -name libnss_wrapper.so -print -quit)
	NSS_WRAPPER_PASSWD=$(mktemp) NSS_WRAPPER_GROUP=$(mktemp)
	echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
	echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
	export LD_PRELOAD=$wrapper NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
}

forget_name() {
	if [ -n "${NSS_WRAPPER_PASSWD-}" ]; then
		rm -f -- "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
		unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
	fi
}

create_cluster() {
	local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
	if [ -z "$POSTGRES_PASSWORD" ] && [ "$method" != trust ]; then
		fail "the superuser needs a password: set POSTGRES_PASSWORD_FILE or POSTGRES_PASSWORD"
	fi
	name_user
	local wal=()
	if [ -n "${POSTGRES_INITDB_WALDIR-}" ]; then
		wal=(--waldir "$POSTGRES_INITDB_WALDIR")
	fi
	# The arguments are a line as for a shell, quotes and all.
	eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") "${wal[@]}" '"${POSTGRES_INITDB_ARGS-}"' "$@"'
	forget_name
	printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

# What the user wants to have run once, in the order of names.
run_init_files() {
	local file
	for file in /docker-entrypoint-initdb.d/*; do
		case $file in
		*.sh)
			if [ -x "$file" ]; then "$file"; else . "$file"; fi
			;;
		*.sql) run_sql --file="$file" ;;
		*.sql.gz) gzip --decompress --stdout "$file" | run_sql ;;
		*.sql.xz) xz --decompress --stdout "$file" | run_sql ;;
		*.sql.zst) zstd --decompress --stdout "$file" | run_sql ;;
		*) echo "docker-entrypoint.sh: ignoring $file" ;;
		esac
	done
}

# The server looks for its socket where it was compiled to, unless its settings say otherwise; clients in the image, and
# users of the official one, look in /var/run/postgresql.
place_socket() {
	local argument settings=$PGDATA/postgresql.conf
	for argument in "$@"; do
		case $argument in
		*unix_socket_directories=* | *unix-socket-directories=* | -k*) return ;;
		*config_file=* | *config-file=*) settings=${argument#*=} ;;
		esac
	done
	if ! grep -Eqs '^[[:space:]]*unix_socket_directories' "$settings" "$PGDATA/postgresql.auto.conf"; then
		socket=(-c unix_socket_directories=/var/run/postgresql)
	fi
}

prepare_directories() {
	mkdir -p -- "$PGDATA"
	chmod 0700 -- "$PGDATA" 2>/dev/null || true # not ours to change, perhaps; the server will say so
	mkdir -p /var/run/postgresql 2>/dev/null || true
	if [ "$(id -u)" = 0 ]; then
		find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
		find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
		if [ -n "${POSTGRES_INITDB_WALDIR-}" ]; then
			mkdir -p -- "$POSTGRES_INITDB_WALDIR"
			find "$POSTGRES_INITDB_WALDIR" \! -user postgres -exec chown postgres '{}' +
		fi
	fi
}

main() {
	if [ "${1:0:1}" = - ]; then
		set -- postgres "$@"
	fi
	local argument
	for argument in "$@"; do
		case $argument in
		-'?' | --help | --describe-config | -V | --version) exec "$@" ;;
		esac
	done
	if [ "${1-}" != postgres ]; then
		exec "$@"
	fi
	prepare_directories
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
	fi
	socket=()
	if [ ! -s "$PGDATA/PG_VERSION" ]; then
		from_file POSTGRES_PASSWORD
		from_file POSTGRES_USER postgres
		from_file POSTGRES_DB "$POSTGRES_USER"
		from_file POSTGRES_INITDB_ARGS
		export POSTGRES_USER POSTGRES_DB
		create_cluster
		place_socket "${@:2}"
		# Nobody from outside may come before all is done.
		PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --wait start \
			--options="$(printf '%q ' "${@:2}" "${socket[@]}" -c listen_addresses='')" 
		if [ "$POSTGRES_DB" != postgres ]; then
			POSTGRES_DB=postgres run_sql --set=name="$POSTGRES_DB" \
				--file=<(echo 'CREATE DATABASE :"name";')
		fi
		run_init_files
		PGUSER=$POSTGRES_USER pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
		unset POSTGRES_PASSWORD
	fi
	place_socket "${@:2}"
	exec "$@" "${socket[@]}"
}

main "$@"
