//go:build slow

package postgres

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/kurier-io/kurier/connectors/postgres/pgtest"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/plugintest"
	"github.com/kurier-io/kurier/plugins/registry"
)

func plugin() registry.Plugin {
	return registry.Plugin{Name: "postgres", Version: "test", Entries: Register()}
}

func connection(db *pgtest.Database) map[string]string {
	return map[string]string{"connection.url": db.JDBC(), "connection.user": db.User, "connection.password": db.Password}
}

func TestSourceConformance(t *testing.T) {
	var db *pgtest.Database
	plugintest.Source(t, plugin(), plugintest.SourceCase{
		Class: "io.confluent.connect.jdbc.JdbcSourceConnector", Required: "connection.url",
		Props: func(t *testing.T) map[string]string {
			db = pgtest.NewDatabase(t)
			db.Exec(t, "CREATE TABLE rows (id bigserial PRIMARY KEY, text text)")
			props := connection(db)
			for k, v := range map[string]string{"mode": "incrementing", "incrementing.column.name": "id", "table.whitelist": "rows", "topic.prefix": "t-", "poll.interval.ms": "50"} {
				props[k] = v
			}
			return props
		},
		Feed: func(t *testing.T, n int) {
			db.Exec(t, fmt.Sprintf("INSERT INTO rows (text) SELECT 'row ' || i FROM generate_series(1, %d) i", n))
		},
	})
}

func TestSinkConformance(t *testing.T) {
	var db *pgtest.Database
	schema := data.StructOf().Name("row").Field("id", data.Of(data.Int32).MustBuild()).Field("text", data.Of(data.String).Optional().MustBuild()).MustBuild()
	plugintest.Sink(t, plugin(), plugintest.SinkCase{
		Class: "io.confluent.connect.jdbc.JdbcSinkConnector", Required: "connection.url", Idempotent: true,
		Props: func(t *testing.T) map[string]string {
			db = pgtest.NewDatabase(t)
			db.Exec(t, "CREATE TABLE conformance (id int PRIMARY KEY, text text)")
			props := connection(db)
			for k, v := range map[string]string{"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id"} {
				props[k] = v
			}
			return props
		},
		Record: func(i int) connect.Record {
			row := data.NewStruct(schema)
			row.SetAt(0, data.Int32Value(int32(i)))
			row.SetAt(1, data.StringValue("text "+strconv.Itoa(i)))
			return connect.Record{ValueSchema: schema, Value: data.StructValue(row)}
		},
		Delivered: func(t *testing.T) int {
			n, err := strconv.Atoi(db.Query(t, "SELECT count(*) FROM conformance")[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
	})
}
