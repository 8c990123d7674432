package postgres

import (
	"slices"
	"testing"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/registry"
)

func TestClassesAreFoundUnderTheirJavaNames(t *testing.T) {
	r := registry.New()
	if err := r.Add(Register()...); err != nil {
		t.Fatal(err)
	}
	for name, task := range map[string]string{
		"io.confluent.connect.jdbc.JdbcSourceConnector": "io.confluent.connect.jdbc.JdbcSourceTask", "JdbcSinkConnector": "io.confluent.connect.jdbc.JdbcSinkTask",
		"io.aiven.connect.jdbc.JdbcSinkConnector": "io.confluent.connect.jdbc.JdbcSinkTask", "JdbcSource": "io.confluent.connect.jdbc.JdbcSourceTask",
	} {
		if e, err := r.Connector(name); err != nil || e.TaskClass != task {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryKeyIsDocumentedAndItsDefaultValid(t *testing.T) {
	for _, e := range Register() {
		seen := []string{}
		for _, k := range e.Config.Keys {
			if k.Internal {
				continue
			}
			if k.Doc == "" || k.Group == "" || k.DisplayName == "" || k.Order == 0 {
				t.Errorf("%s: %s lacks a text: %+v", e.Class, k.Name, k)
			}
			if slices.Contains(seen, k.Name) {
				t.Errorf("%s: %s is defined twice", e.Class, k.Name)
			}
			seen = append(seen, k.Name)
			if k.Default != nil {
				if v := k.Validate(*k.Default, true); len(v.Errors) > 0 {
					t.Errorf("%s: the default of %s: %v", e.Class, k.Name, v.Errors)
				}
			}
		}
	}
}

// TestUsualConfigurationsAreTaken has the configurations that people bring; their unknown keys are ignored.
func TestUsualConfigurationsAreTaken(t *testing.T) {
	entries := Register()
	for i, p := range []map[string]string{
		{"connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "tasks.max": "2", "connection.url": "jdbc:postgresql://pg:5432/app", "connection.user": "u",
			"connection.password": "p", "mode": "timestamp+incrementing", "incrementing.column.name": "id", "timestamp.column.name": "updated_at",
			"table.whitelist": "public.orders,public.items", "topic.prefix": "app-"},
		{"connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "tasks.max": "4", "topics": "orders",
			"connection.url": "jdbc:postgresql://pg:5432/dw?reWriteBatchedInserts=true&stringtype=unspecified", "connection.user": "u", "connection.password": "p",
			"insert.mode": "upsert", "pk.mode": "record_key", "pk.fields": "id", "delete.enabled": "true", "auto.create": "true", "auto.evolve": "true"},
	} {
		if err := config.Problems(entries[i].Config.Validate(p)); err != nil {
			t.Error(err)
		}
	}
}
