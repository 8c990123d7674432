package postgres

import (
	_ "time/tzdata" // db.timezone must work where the system has no zone files

	"github.com/kurier-io/kurier/connectors/postgres/sink"
	"github.com/kurier-io/kurier/connectors/postgres/source"
	"github.com/kurier-io/kurier/plugins/registry"
)

// Register returns the classes of this package.
func Register() []registry.Entry {
	src := registry.Source[source.Settings]("io.confluent.connect.jdbc.JdbcSourceConnector", source.NewConnector, source.NewTask)
	src.Aliases = []string{"io.aiven.connect.jdbc.JdbcSourceConnector"}
	src.Doc = "Copies rows of PostgreSQL tables or of a query into topics, polling for new ones."
	dst := registry.Sink[sink.Settings]("io.confluent.connect.jdbc.JdbcSinkConnector", sink.NewConnector, sink.NewTask)
	dst.Aliases = []string{"io.aiven.connect.jdbc.JdbcSinkConnector"}
	dst.Doc = "Writes records into PostgreSQL tables: insert, upsert, update and delete."
	return []registry.Entry{src, dst}
}
