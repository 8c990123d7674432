// Package source is the polling source connector: rows of tables or of a query become records, found anew at intervals by an
// incrementing column, a timestamp, or not at all. It follows io.confluent.connect.jdbc.JdbcSourceConnector.
package source

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/connectors/postgres/session"
	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// Settings are the keys of the JDBC source connector, in its order.
type Settings struct {
	URL             string          `config:"connection.url,required" doc:"JDBC connection URL: jdbc:postgresql://host:port/database." group:"Database" importance:"high" width:"long" label:"JDBC URL"`
	User            string          `config:"connection.user" doc:"JDBC connection user." group:"Database" importance:"high" width:"medium" label:"JDBC User"`
	Password        config.Password `config:"connection.password" doc:"JDBC connection password." group:"Database" importance:"high" width:"short" label:"JDBC Password"`
	Credentials     string          `config:"jdbc.credentials.provider.class,class" default:"io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider" doc:"Class that provides the credentials. Only the default provider, which reads connection.user and connection.password, is known." group:"Database" importance:"low" label:"JDBC Credentials Provider Class"`
	Attempts        int             `config:"connection.attempts" default:"3" min:"1" doc:"Maximum number of attempts to retrieve a valid JDBC connection." group:"Database" importance:"low" width:"short" label:"JDBC connection attempts"`
	Backoff         time.Duration   `config:"connection.backoff.ms" default:"10000" min:"0" doc:"Backoff time in milliseconds between connection attempts." group:"Database" importance:"low" width:"short" label:"JDBC connection backoff in milliseconds"`
	Whitelist       string          `config:"table.whitelist" default:"" doc:"List of tables to include in copying: table, schema.table or \"schema\".\"table\". Not together with table.blacklist." group:"Database" width:"long" label:"Table Whitelist"`
	Blacklist       string          `config:"table.blacklist" default:"" doc:"List of tables to exclude from copying. Not together with table.whitelist." group:"Database" width:"long" label:"Table Blacklist"`
	Include         []string        `config:"table.include.list" default:"" doc:"Regular expressions of the tables to include, matched against the whole of schema.table." group:"Database" width:"long" label:"Table Include List"`
	Exclude         []string        `config:"table.exclude.list" default:"" doc:"Regular expressions of tables to leave out of those that table.include.list matches." group:"Database" width:"long" label:"Table Exclude List"`
	CatalogPattern  string          `config:"catalog.pattern" doc:"Catalog (database) to fetch table metadata from; not set: the database of the URL." group:"Database" width:"short" label:"Catalog pattern"`
	SchemaPattern   string          `config:"schema.pattern" doc:"Schema to fetch table metadata from, a LIKE pattern; not set: any schema." group:"Database" importance:"high" width:"short" label:"Schema pattern"`
	PrecisionMap    bool            `config:"numeric.precision.mapping" default:"false" doc:"Deprecated: true stands for numeric.mapping=precision_only." group:"Database" importance:"low" width:"short" label:"Map Numeric Values By Precision (deprecated)"`
	Numeric         string          `config:"numeric.mapping" enum:"none|precision_only|best_fit|best_fit_eager_double" fold:"true" doc:"How NUMERIC columns appear: none (Decimal), precision_only, best_fit or best_fit_eager_double." group:"Database" importance:"low" width:"short" label:"Map Numeric Values, Integer or Decimal, By Precision and Scale"`
	Dialect         string          `config:"dialect.name" default:"" doc:"Name of the database dialect: empty or PostgreSqlDatabaseDialect." group:"Database" importance:"low" width:"long" label:"Database Dialect"`
	Mode            string          `config:"mode" default:"" enum:"|bulk|timestamp|incrementing|timestamp+incrementing" doc:"How new rows are found: bulk (the whole table every time), incrementing, timestamp, or timestamp+incrementing." group:"Mode" importance:"high" width:"medium" label:"Table Loading Mode" dependents:"incrementing.column.name,timestamp.column.name,validate.non.null"`
	Incrementing    string          `config:"incrementing.column.name" default:"" doc:"The strictly incrementing column; empty: the table's identity or serial column." group:"Mode" width:"medium" label:"Incrementing Column Name"`
	Timestamps      []string        `config:"timestamp.column.name" default:"" doc:"Timestamp columns, the first that is not null decides." group:"Mode" width:"medium" label:"Timestamp Column Name"`
	IncrementingMap []string        `config:"incrementing.column.mapping" default:"" doc:"Incrementing columns by table, as regex:column, with table.include.list." group:"Mode" width:"long" label:"Incrementing column mapping"`
	TimestampsMap   []string        `config:"timestamp.columns.mapping" default:"" doc:"Timestamp columns by table, as regex:[column1|column2], with table.include.list." group:"Mode" width:"long" label:"Timestamp columns mapping"`
	InitialMillis   int64           `config:"timestamp.initial" doc:"Epoch milliseconds to start from when there is no offset; -1: the database's current time; not set: the epoch." group:"Mode" importance:"low" width:"medium" label:"Unix time value of initial timestamp"`
	NonNull         bool            `config:"validate.non.null" default:"true" doc:"Require that the incrementing column and one timestamp column are NOT NULL." group:"Mode" importance:"low" width:"short" label:"Validate Non Null"`
	Query           string          `config:"query" default:"" doc:"A SELECT statement whose rows are copied instead of tables." group:"Mode" width:"short" label:"Query"`
	QueryMasked     config.Password `config:"query.masked" doc:"As query, but the text is not shown." group:"Mode" width:"short" label:"Query (masked)"`
	Quote           string          `config:"quote.sql.identifiers" default:"always" enum:"always|never" fold:"true" doc:"When to quote table and column names in SQL." group:"Mode" width:"medium" label:"Quote Identifiers"`
	Suffix          string          `config:"query.suffix" default:"" doc:"Text appended to every query." group:"Mode" importance:"low" width:"medium" label:"Query suffix"`
	Isolation       string          `config:"transaction.isolation.mode" default:"DEFAULT" enum:"DEFAULT|READ_UNCOMMITTED|READ_COMMITTED|REPEATABLE_READ|SERIALIZABLE" doc:"Isolation level of the queries." group:"Mode" importance:"low" width:"medium" label:"Transaction Isolation Mode"`
	QueryRetries    int             `config:"query.retry.attempts" default:"-1" min:"-1" doc:"How often a failing query is tried again; -1: for ever." group:"Mode" importance:"low" width:"short" label:"Query Retry Attempts"`
	TableTypes      []string        `config:"table.types" default:"TABLE" doc:"Types of tables to copy: TABLE, PARTITIONED TABLE, VIEW, MATERIALIZED VIEW, FOREIGN TABLE, SYSTEM TABLE, LOCAL TEMPORARY." group:"Connector" importance:"low" width:"medium" label:"Table Types"`
	PollInterval    time.Duration   `config:"poll.interval.ms" default:"5000" min:"0" doc:"Milliseconds between two queries of the same table." group:"Connector" importance:"high" width:"short" label:"Poll Interval (ms)"`
	PollLinger      time.Duration   `config:"poll.linger.ms" default:"5000" min:"0" doc:"Milliseconds that a poll without data may wait." group:"Connector" importance:"low" width:"short" label:"Poll Linger (ms)"`
	BatchMaxRows    int             `config:"batch.max.rows" default:"1000" min:"1" doc:"Maximum number of rows in a batch. When it is not set, batches are bounded by size instead." group:"Connector" importance:"low" width:"short" label:"Max Rows Per Batch"`
	MaxBuffer       int             `config:"max.buffer.size" default:"0" min:"0" doc:"Accepted; rows read ahead are bounded by size." group:"Connector" importance:"low" width:"short" label:"Max Buffer Size"`
	TablePoll       time.Duration   `config:"table.poll.interval.ms" default:"60000" min:"1" doc:"Milliseconds between two looks for new or removed tables." group:"Connector" importance:"low" width:"short" label:"Metadata Change Monitoring Interval (ms)"`
	TopicPrefix     string          `config:"topic.prefix" default:"" doc:"Prefix of the topic before the table name; with a query, the whole topic." group:"Connector" importance:"high" width:"medium" label:"Topic Prefix"`
	Delay           time.Duration   `config:"timestamp.delay.interval.ms" default:"0" min:"0" doc:"Milliseconds a row must be old before it is read, so that transactions which commit late are not missed." group:"Connector" importance:"high" width:"medium" label:"Delay Interval (ms)"`
	Zone            string          `config:"db.timezone" default:"UTC" doc:"Time zone of timestamp columns without one." group:"Connector" width:"medium" label:"DB time zone"`
	Calendar        string          `config:"date.calendar.system" default:"LEGACY" enum:"LEGACY|PROLEPTIC_GREGORIAN" fold:"true" doc:"Calendar of dates before 1582-10-15." group:"Connector" importance:"low" width:"medium" label:"Date Calendar System"`
	Granularity     string          `config:"timestamp.granularity" default:"connect_logical" enum:"connect_logical|micros_long|micros_string|micros_iso_datetime_string|nanos_long|nanos_string|nanos_iso_datetime_string" fold:"true" doc:"Form of timestamp columns." group:"Connector" importance:"low" width:"medium" label:"Timestamp granularity for timestamp columns"`
	Complex         bool            `config:"sql.complex.types.enable" default:"false" doc:"Copy JSON as a named string, and arrays." group:"Connector" importance:"low" width:"short" label:"Complex SQL types"`
	HStore          string          `config:"hstore.handling.mode" default:"none" enum:"none|map|json" doc:"Form of hstore columns with sql.complex.types.enable." group:"Connector" importance:"low" width:"short" label:"hstore handling"`
	Unconstrained   string          `config:"numeric.unconstrained.mode" default:"decimal127" enum:"decimal127|string|variable_scale|double" doc:"Form of NUMERIC columns without precision." group:"Connector" importance:"low" width:"short" label:"Unconstrained NUMERIC"`
	Unsupported     string          `config:"unsupported.types.mode" default:"drop" enum:"drop|text" doc:"Columns of types that the JDBC source does not know (inet, citext, interval, ranges ...): leave them out, or copy their text." group:"Connector" importance:"low" width:"short" label:"Unsupported types"`

	AivenQuote     string `config:"sql.quote.identifiers,internal" enum:"true|false" fold:"true"`
	AivenInitialTS string `config:"timestamp.initial.ms,internal"`
	AivenInitialID string `config:"incrementing.initial,internal"`

	initial    *int64 // timestamp.initial
	loc        *time.Location
	initialID  int64
	rowsPinned bool // batch.max.rows was set
	include    []*regexp.Regexp
	exclude    []*regexp.Regexp
	incMap     []columnMapping
	tsMap      []columnMapping
}

type columnMapping struct {
	table   *regexp.Regexp
	columns []string
}

// maxTopic is Kafka's limit.
const maxTopic = 249

var topicChars = regexp.MustCompile(`^[A-Za-z0-9._-]*$`)

// parse reads a configuration; err is a [config.Error] or [connect.ConfigError].
func parse(props connect.Props) (*Settings, error) {
	s, err := config.Parse[Settings](props)
	if err != nil {
		return nil, err
	}
	_, s.rowsPinned = props["batch.max.rows"]
	if _, set := props["timestamp.initial"]; set {
		s.initial = &s.InitialMillis
	}
	if problems := s.resolve(); len(problems) > 0 {
		return nil, connect.ConfigErr(problems[0].Key, problems[0].Msg, "")
	}
	return &s, nil
}

type problems []config.Problem

func (p *problems) add(key, format string, args ...any) {
	*p = append(*p, config.Problem{Key: key, Msg: fmt.Sprintf(format, args...)})
}

// resolve checks what concerns more than one key and fills the derived fields.
func (s *Settings) resolve() (p problems) {
	var err error
	if s.loc, err = time.LoadLocation(s.Zone); err != nil || strings.EqualFold(s.Zone, "local") {
		p.add("db.timezone", "%q is not a known time zone: use a name such as UTC or Europe/Berlin", s.Zone)
	}
	if s.AivenQuote == "false" {
		s.Quote = "never"
	}
	s.resolveInitial(&p)
	if !topicChars.MatchString(s.TopicPrefix) || len(s.TopicPrefix) > maxTopic {
		p.add("topic.prefix", "must be at most %d characters of A-Z, a-z, 0-9, dot, underscore and hyphen", maxTopic)
	}
	if s.Dialect != "" && !strings.HasPrefix(s.Dialect, "Postgre") {
		p.add("dialect.name", "%q is not available: this connector talks to PostgreSQL only, leave it empty", s.Dialect)
	}
	if !strings.HasSuffix(s.Credentials, ".DefaultJdbcCredentialsProvider") && s.Credentials != "" {
		p.add("jdbc.credentials.provider.class", "%s is not available: set connection.user and connection.password", s.Credentials)
	}
	s.resolveMode(&p)
	s.resolveTables(&p)
	return p
}

// resolveInitial takes the Aiven names of the start positions, which have no default here either.
func (s *Settings) resolveInitial(p *problems) {
	s.initialID = -1
	for _, k := range []struct {
		key, text string
		set       func(int64)
	}{
		{"timestamp.initial.ms", s.AivenInitialTS, func(n int64) { s.initial = &n }},
		{"incrementing.initial", s.AivenInitialID, func(n int64) { s.initialID = n }},
	} {
		if k.text == "" {
			continue
		}
		n, err := strconv.ParseInt(k.text, 10, 64)
		if err != nil {
			p.add(k.key, "%q is not a number", k.text)
			continue
		}
		k.set(n)
	}
}

// queryText returns the text of query mode, "" in table mode.
func (s *Settings) queryText() string {
	if s.Query != "" {
		return s.Query
	}
	return s.QueryMasked.Reveal()
}

func (s *Settings) usesIncrementing() bool {
	return s.Mode == "incrementing" || s.Mode == "timestamp+incrementing"
}

func (s *Settings) usesTimestamp() bool {
	return s.Mode == "timestamp" || s.Mode == "timestamp+incrementing"
}

func (s *Settings) quoting() ident.Quoting { return ident.ParseQuoting(s.Quote) }

func (s *Settings) dialer(props connect.Props) (*session.Dialer, error) {
	return session.NewDialer(session.Settings{URL: s.URL, User: s.User, Password: s.Password, Attempts: s.Attempts, Backoff: s.Backoff}, props)
}

func (s *Settings) types() pgtype.Options {
	o := pgtype.Options{
		Numeric: pgtype.NumericMapping(strings.ToLower(s.Numeric)), Unconstrained: s.Unconstrained, Granularity: strings.ToLower(s.Granularity),
		Location: s.loc, Proleptic: strings.EqualFold(s.Calendar, "PROLEPTIC_GREGORIAN"), Complex: s.Complex, HStore: s.HStore, AsText: s.Unsupported == "text",
	}
	if o.Numeric == "" && s.PrecisionMap {
		o.Numeric = pgtype.NumericPrecisionOnly
	}
	return o
}
