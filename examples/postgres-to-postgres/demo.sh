#!/usr/bin/env bash
# A real PostgreSQL table travels through a connector process, transformations and a converter into a topic of the included broker, and from there through a sink
# process into a second table. Everything runs on loopback in a throw-away folder and is cleaned up at the end. DEMO_KEEP=1 stays up until Ctrl-C.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kurier="$here/../../bin/kurier"
[ -x "$kurier" ] || { echo "demo: build bin/kurier first: make build" >&2; exit 2; }
. "$here/postgres.sh"

work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
  trap - EXIT INT TERM
  rm -f "$work/changing"
  for p in "${pids[@]:-}"; do [ -z "$p" ] || kill "$p" 2>/dev/null || true; done
  for p in "${pids[@]:-}"; do [ -z "$p" ] || wait "$p" 2>/dev/null || true; done
  pg_stop
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n%s\n' "$*"; }

say "1. A throw-away PostgreSQL"
pg_start "$work"
PGPASSWORD=secret "$PGBIN/psql" -q -h 127.0.0.1 -p "$PGPORT" -U kurier -d shop -v ON_ERROR_STOP=1 -f "$here/schema.sql"
echo "   port $PGPORT, database shop, table orders with 1,000 rows"

say "2. kurier dev"
kafka=127.0.0.1:$(free_port)
rest=127.0.0.1:$(free_port)
"$kurier" dev --data-dir "$work/data" --kafka "$kafka" --rest "$rest" --log-level warn >"$work/dev.out" 2>"$work/dev.log" &
dev=$!
pids+=("$dev")
for _ in $(seq 100); do grep -q '^Kurier' "$work/dev.out" && break; kill -0 "$dev" 2>/dev/null || { cat "$work/dev.log" >&2; exit 1; }; sleep 0.05; done
sed 's/^/   /' "$work/dev.out"

say "3. The table keeps changing"
touch "$work/changing"
(
  n=0
  while [ -e "$work/changing" ]; do
    n=$((n + 1))
    echo "INSERT INTO orders (customer, amount) SELECT 'new ' || $n || '-' || i, i FROM generate_series(1, 20) i;"
    echo "UPDATE orders SET paid = NOT paid, updated_at = clock_timestamp() WHERE id % 50 = $n % 50;"
    sleep 0.1
  done | pg_sql >/dev/null 2>&1
) &
changer=$!
pids+=("$changer")
echo "   20 inserts and some updates every 0.1 s"

say "4. Connectors, with the JSON that Kafka Connect takes"
post() {
  sed "s/127.0.0.1:5432/127.0.0.1:$PGPORT/" "$here/$1" >"$work/$1"
  local line="curl -X POST -H 'Content-Type: application/json' http://$rest/connectors -d @$1"
  echo "   $line"
  (cd "$work" && curl -sS -o "$work/answer" -w '   -> %{http_code}\n' -X POST -H 'Content-Type: application/json' "http://$rest/connectors" -d "@$1")
  grep -q '"name"' "$work/answer" || { cat "$work/answer" >&2; exit 1; }
}
post source.json
post sink.json

say "5. Records arriving in the topic shop-orders"
"$kurier" tail shop-orders --kafka "$kafka" --from-end --max 8 --timeout 20s

say "6. The copy"
count() { pg_sql -At -c "SELECT count(*) FROM $1" 2>/dev/null || echo 0; }
sum() { pg_sql -At -c "SELECT md5(coalesce(string_agg(concat_ws('|', id, customer, amount::float8, paid), ',' ORDER BY id), '')) FROM $1" 2>/dev/null || echo none; }
for _ in 1 2 3; do
  printf '   orders %6s rows   orders_copy %6s rows\n' "$(count orders)" "$(count orders_copy)"
  sleep 1
done
rm "$work/changing"
wait "$changer" 2>/dev/null || true
echo "   the changes have stopped"
agree=no
for _ in $(seq "${DEMO_PATIENCE:-100}"); do
  if [ "$(count orders)" = "$(count orders_copy)" ] && [ "$(sum orders)" = "$(sum orders_copy)" ]; then agree=yes; break; fi
  sleep 0.2
done
printf '   orders %6s rows   orders_copy %6s rows   contents agree: %s\n' "$(count orders)" "$(count orders_copy)" "$agree"
if [ "$agree" != yes ]; then
  pg_sql -c "SELECT o.*, c.id AS copied, c.paid AS copied_paid FROM orders o LEFT JOIN orders_copy c USING (id) WHERE c.id IS NULL OR c.paid <> o.paid LIMIT 20" >&2
  curl -sS "http://$rest/connectors?expand=status" >&2
  cat "$work/dev.log" >&2
  exit 1
fi

say "7. Look around"
cat <<EOT
   curl http://$rest/connectors?expand=status
   curl http://$rest/connectors/orders-source/offsets
   curl http://$rest/connectors/orders-sink/topics
   kcat -b $kafka -t shop-orders -C -o -5 -e
   psql -h 127.0.0.1 -p $PGPORT -U postgres shop
EOT
if [ "${DEMO_KEEP:-0}" = 1 ]; then
  say "Stays up until Ctrl-C"
  wait "$dev"
fi
