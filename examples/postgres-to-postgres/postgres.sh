# Sourced by the scripts of this folder: a throw-away PostgreSQL cluster on a free port of loopback.
#   pg_start DIR   sets PGPORT and PGBIN; the server runs as an unprivileged user when this is root
#   pg_stop
#   pg_sql ARGS…   psql as superuser on database shop

free_port() {
  local p
  while :; do
    p=$((20000 + RANDOM % 20000))
    (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
  done
}

pg_as() { # PostgreSQL refuses to run as root
  if [ "$(id -u)" -eq 0 ]; then setpriv --reuid="$PGRUNAS" --regid="$(id -g "$PGRUNAS")" --clear-groups "$@"; else "$@"; fi
}

pg_start() {
  PGDIR="$1/postgres"
  PGBIN=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)
  [ -n "$PGBIN" ] || PGBIN=$(dirname "$(command -v initdb 2>/dev/null)" 2>/dev/null)
  if [ ! -x "$PGBIN/initdb" ]; then
    echo "PostgreSQL is missing (initdb): install the package postgresql" >&2
    return 3
  fi
  PGRUNAS=$(id -un)
  if [ "$PGRUNAS" = root ]; then
    PGRUNAS=postgres
    id postgres >/dev/null 2>&1 || PGRUNAS=nobody
  fi
  mkdir -p "$PGDIR"
  [ "$(id -u)" -ne 0 ] || chown "$PGRUNAS" "$PGDIR"
  PGPORT=$(free_port)
  pg_as "$PGBIN/initdb" -D "$PGDIR/data" -U postgres -A trust --no-sync >"$PGDIR.log" 2>&1 || { cat "$PGDIR.log" >&2; return 1; }
  pg_as "$PGBIN/pg_ctl" -D "$PGDIR/data" -l "$PGDIR/server.log" -w -o "-p $PGPORT -k $PGDIR -c listen_addresses=127.0.0.1 -c fsync=off" start >>"$PGDIR.log" 2>&1 ||
    { cat "$PGDIR.log" "$PGDIR/server.log" >&2; return 1; }
  "$PGBIN/psql" -q -h 127.0.0.1 -p "$PGPORT" -U postgres -d postgres -c "CREATE ROLE kurier LOGIN PASSWORD 'secret'" -c "CREATE DATABASE shop OWNER kurier"
  # The demo's password is really checked: only the superuser of the throw-away cluster comes in without.
  pg_as sh -c "printf 'host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n' > '$PGDIR/data/pg_hba.conf'"
  pg_as "$PGBIN/pg_ctl" -D "$PGDIR/data" reload >>"$PGDIR.log" 2>&1
}

pg_stop() {
  [ -n "${PGDIR:-}" ] && [ -d "$PGDIR/data" ] && pg_as "$PGBIN/pg_ctl" -D "$PGDIR/data" -m immediate stop >/dev/null 2>&1 || true
}

pg_sql() { "$PGBIN/psql" -q -h 127.0.0.1 -p "$PGPORT" -U postgres -d shop -v ON_ERROR_STOP=1 "$@"; }
