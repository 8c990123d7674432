// Package sink writes records into PostgreSQL tables. It follows io.confluent.connect.jdbc.JdbcSinkConnector, but writes each batch
// as one statement over arrays (INSERT … SELECT … FROM UNNEST) instead of a statement for each row.
package sink

import (
	"fmt"
	"strings"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// Settings are the keys of the JDBC sink connector, in its order.
type Settings struct {
	URL         string          `config:"connection.url,required" doc:"JDBC connection URL: jdbc:postgresql://host:port/database." group:"Connection" importance:"high" width:"long" label:"JDBC URL"`
	User        string          `config:"connection.user" doc:"JDBC connection user." group:"Connection" importance:"high" width:"medium" label:"JDBC User"`
	Password    config.Password `config:"connection.password" doc:"JDBC connection password." group:"Connection" importance:"high" width:"medium" label:"JDBC Password"`
	Credentials string          `config:"jdbc.credentials.provider.class,class" default:"io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider" doc:"Class that provides the credentials. Only the default provider is known." group:"Connection" importance:"low" label:"JDBC Credentials Provider Class"`
	Dialect     string          `config:"dialect.name" default:"" doc:"Name of the database dialect: empty or PostgreSqlDatabaseDialect." group:"Connection" importance:"low" width:"long" label:"Database Dialect"`
	Attempts    int             `config:"connection.attempts" default:"3" min:"1" doc:"Maximum number of attempts to retrieve a valid JDBC connection." group:"Connection" importance:"low" width:"short" label:"JDBC connection attempts"`
	Backoff     time.Duration   `config:"connection.backoff.ms" default:"10000" min:"0" doc:"Backoff time in milliseconds between connection attempts." group:"Connection" importance:"low" width:"short" label:"JDBC connection backoff in milliseconds"`
	InsertMode  string          `config:"insert.mode" default:"insert" enum:"insert|upsert|update" fold:"true" doc:"The insertion mode to use: insert, upsert or update." group:"Writes" importance:"high" width:"medium" label:"Insert Mode"`
	BatchSize   int             `config:"batch.size" default:"3000" min:"0" doc:"How many records to batch together for insertion into the destination table, when possible." group:"Writes" width:"short" label:"Batch Size"`
	Delete      bool            `config:"delete.enabled" default:"false" doc:"Whether to treat null record values as deletes. Requires pk.mode to be record_key." group:"Writes" width:"short" label:"Enable deletes" dependents:"pk.mode"`
	TableTypes  []string        `config:"table.types" default:"TABLE" doc:"Types of tables to write to: TABLE, PARTITIONED TABLE, VIEW. Partitioned tables are always taken." group:"Writes" importance:"low" width:"medium" label:"Table Types"`
	TableFormat string          `config:"table.name.format" default:"${topic}" nonempty:"true" doc:"A format string for the destination table name, which may contain ${topic}. Dots separate schema and table unless quoted." group:"Data Mapping" width:"long" label:"Table Name Format"`
	PKMode      string          `config:"pk.mode" default:"none" enum:"none|kafka|record_key|record_value" fold:"true" doc:"The primary key mode: none, kafka (topic, partition, offset), record_key or record_value." group:"Data Mapping" importance:"high" width:"medium" label:"Primary Key Mode"`
	PKFields    []string        `config:"pk.fields" default:"" doc:"List of comma-separated primary key field names; what they mean depends on pk.mode." group:"Data Mapping" width:"long" label:"Primary Key Fields"`
	Whitelist   []string        `config:"fields.whitelist" default:"" doc:"List of comma-separated record value field names; empty: all. Key fields are always written." group:"Data Mapping" width:"long" label:"Fields Whitelist"`
	Zone        string          `config:"db.timezone" default:"UTC" doc:"Time zone in which times are written to columns without a zone." group:"Data Mapping" width:"medium" label:"DB Time Zone"`
	DateZone    string          `config:"date.timezone" default:"DB_TIMEZONE" enum:"DB_TIMEZONE|UTC" fold:"true" doc:"Time zone in which Connect dates are written." group:"Data Mapping" importance:"low" width:"medium" label:"Time Zone for date types"`
	Calendar    string          `config:"date.calendar.system" default:"LEGACY" enum:"LEGACY|PROLEPTIC_GREGORIAN" fold:"true" doc:"Calendar of dates before 1582-10-15." group:"Data Mapping" importance:"low" width:"medium" label:"Date Calendar System"`
	TSFields    []string        `config:"timestamp.fields.list" default:"" doc:"INT64 fields that are written as timestamps." group:"Data Mapping" width:"long" label:"Timestamp fields"`
	TSPrecision string          `config:"timestamp.precision.mode" default:"microseconds" enum:"microseconds|nanoseconds" fold:"true" doc:"Unit of the fields in timestamp.fields.list." group:"Data Mapping" importance:"low" width:"medium" label:"Timestamp precision"`
	StringField string          `config:"string.output.value.column.name" default:"record_value" doc:"Column for record values that are plain strings." group:"Data Mapping" importance:"low" width:"medium" label:"String value column"`
	NullDefault bool            `config:"replace.null.with.default" default:"true" doc:"Whether a null with a default in its schema is written as the default." group:"Data Mapping" importance:"low" width:"short" label:"Replace null with default"`
	AutoCreate  bool            `config:"auto.create" default:"false" doc:"Whether to create the destination table from the record schema when it is missing." group:"DDL Support" width:"short" label:"Auto-Create"`
	AutoEvolve  bool            `config:"auto.evolve" default:"false" doc:"Whether to add columns to the destination table when the record schema has more." group:"DDL Support" width:"short" label:"Auto-Evolve"`
	Quote       string          `config:"quote.sql.identifiers" default:"always" enum:"always|never" fold:"true" doc:"When to quote table and column names in SQL." group:"DDL Support" width:"medium" label:"Quote Identifiers"`
	MaxRetries  int             `config:"max.retries" default:"10" min:"0" doc:"The maximum number of times to retry on errors before failing the task." group:"Retries" width:"short" label:"Maximum Retries"`
	RetryPause  time.Duration   `config:"retry.backoff.ms" default:"3000" min:"0" doc:"Milliseconds to wait following an error before a retry attempt is made." group:"Retries" width:"short" label:"Retry Backoff (millis)"`
	HoldLock    bool            `config:"mssql.use.merge.holdlock" default:"true" doc:"For SQL Server; accepted." group:"Writes" importance:"low" width:"short" label:"SQL Server HOLDLOCK in MERGE"`
	TrimLog     bool            `config:"trim.sensitive.log" default:"false" doc:"Leave the server's detail, which may hold values, out of errors." group:"Retries" importance:"low" width:"short" label:"Trim sensitive data in logs"`

	AivenNormalize bool     `config:"table.name.normalize,internal" default:"false"`
	AivenTables    []string `config:"topics.to.tables.mapping,internal" default:""`
	AivenQuote     string   `config:"sql.quote.identifiers,internal" enum:"true|false" fold:"true"`

	loc      *time.Location
	tolerant bool // errors.tolerance=all
}

const keyTolerance = "errors.tolerance"

func parse(props connect.Props) (*Settings, error) {
	s, err := config.Parse[Settings](props)
	if err != nil {
		return nil, err
	}
	if p := s.resolve(props); len(p) > 0 {
		return nil, connect.ConfigErr(p[0].Key, p[0].Msg, "")
	}
	return &s, nil
}

// resolve checks what concerns more than one key and fills the derived fields.
func (s *Settings) resolve(props connect.Props) (problems []config.Problem) {
	add := func(key, format string, args ...any) {
		problems = append(problems, config.Problem{Key: key, Msg: fmt.Sprintf(format, args...)})
	}
	s.InsertMode, s.PKMode = strings.ToLower(s.InsertMode), strings.ToLower(s.PKMode)
	s.tolerant = strings.EqualFold(props[keyTolerance], "all")
	if s.AivenQuote == "false" {
		s.Quote = "never"
	}
	var err error
	if s.loc, err = time.LoadLocation(s.Zone); err != nil || strings.EqualFold(s.Zone, "local") {
		add("db.timezone", "%q is not a known time zone: use a name such as UTC or Europe/Berlin", s.Zone)
	}
	if s.Dialect != "" && !strings.HasPrefix(s.Dialect, "Postgre") {
		add("dialect.name", "%q is not available: this connector talks to PostgreSQL only, leave it empty", s.Dialect)
	}
	if !strings.HasSuffix(s.Credentials, ".DefaultJdbcCredentialsProvider") && s.Credentials != "" {
		add("jdbc.credentials.provider.class", "%s is not available: set connection.user and connection.password", s.Credentials)
	}
	if s.Delete && s.PKMode != "record_key" {
		for _, key := range []string{"delete.enabled", "pk.mode"} {
			add(key, "Deletes are only supported for pk.mode record_key: set pk.mode=record_key, or delete.enabled=false")
		}
	}
	if s.InsertMode != "insert" && s.PKMode == "none" {
		add("pk.mode", "insert.mode=%s needs a primary key: set pk.mode to record_key, record_value or kafka", s.InsertMode)
	}
	if n := len(s.PKFields); s.PKMode == "kafka" && n != 0 && n != 3 {
		add("pk.fields", "with pk.mode=kafka it must be empty, or name the three columns for topic, partition and offset; it has %d", n)
	}
	if _, err := ident.Parts(strings.ReplaceAll(s.TableFormat, "${topic}", "topic")); err != nil {
		add("table.name.format", "%q is not a table name: %v", s.TableFormat, err)
	}
	return problems
}

func (s *Settings) quoting() ident.Quoting { return ident.ParseQuoting(s.Quote) }

func (s *Settings) dialer(props connect.Props) (*session.Dialer, error) {
	return session.NewDialer(session.Settings{URL: s.URL, User: s.User, Password: s.Password, Attempts: s.Attempts, Backoff: s.Backoff}, props)
}

// tableFor returns the table for a topic.
func (s *Settings) tableFor(topic, database string) (ident.Table, error) {
	for _, m := range s.AivenTables {
		if t, table, ok := strings.Cut(m, ":"); ok && t == topic {
			return ident.ParseTable(table, database)
		}
	}
	name := strings.ReplaceAll(s.TableFormat, "${topic}", topic)
	if s.AivenNormalize {
		name = strings.Map(func(r rune) rune {
			if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
				return r
			}
			return '_'
		}, name)
	}
	t, err := ident.ParseTable(name, database)
	if err != nil {
		return t, connect.ConfigErr("table.name.format", fmt.Sprintf("topic %s gives the table name %s, which %v", topic, name, err),
			`for topics with dots write "${topic}" in double quotes, or rename with RegexRouter`)
	}
	return t, nil
}
