package subject

import (
	"net/url"
	"strings"
	"time"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// Settings are the keys of every converter that uses the registry; converters embed it in their own settings. The keys under
// schema.registry.ssl. are those of Kafka's clients.
type Settings struct {
	URL             []string        `config:"schema.registry.url,required" nonempty:"true" importance:"high" group:"Registry" doc:"Comma-separated list of URLs of schema registry instances. kurier dev serves one on http://localhost:8081."`
	AutoRegister    bool            `config:"auto.register.schemas" default:"true" importance:"medium" group:"Registry" doc:"Register schemas that the subject does not have yet. If false, they must be there."`
	UseLatest       bool            `config:"use.latest.version" default:"false" importance:"low" group:"Registry" doc:"Write with the subject's latest schema. Only consulted when auto.register.schemas is false and use.schema.id is not set."`
	LatestStrict    bool            `config:"latest.compatibility.strict" default:"true" importance:"low" group:"Registry" doc:"With use.latest.version, check that the latest schema can read what the record's schema writes."`
	UseID           int             `config:"use.schema.id" default:"-1" importance:"low" group:"Registry" doc:"Write with the schema of this id. Only consulted when auto.register.schemas is false."`
	IDStrict        bool            `config:"id.compatibility.strict" default:"true" importance:"low" group:"Registry" doc:"With use.schema.id, check that the schema can read what the record's schema writes."`
	Normalize       bool            `config:"normalize.schemas" default:"false" importance:"medium" group:"Registry" doc:"Ask the registry to normalize schemas when they are registered or looked up."`
	KeyStrategy     string          `config:"key.subject.name.strategy,class" default:"io.confluent.kafka.serializers.subject.TopicNameStrategy" importance:"medium" group:"Registry" doc:"How the subject of a key's schema is named: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy."`
	ValueStrategy   string          `config:"value.subject.name.strategy,class" default:"io.confluent.kafka.serializers.subject.TopicNameStrategy" importance:"medium" group:"Registry" doc:"How the subject of a value's schema is named: TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy."`
	KeySerializer   string          `config:"key.schema.id.serializer,class" default:"io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer" importance:"low" group:"Registry" doc:"Where a key's schema id goes: PrefixSchemaIdSerializer puts it in front of the bytes, HeaderSchemaIdSerializer a GUID into the header __key_schema_id."`
	ValueSerializer string          `config:"value.schema.id.serializer,class" default:"io.confluent.kafka.serializers.schema.id.PrefixSchemaIdSerializer" importance:"low" group:"Registry" doc:"Where a value's schema id goes: PrefixSchemaIdSerializer puts it in front of the bytes, HeaderSchemaIdSerializer a GUID into the header __value_schema_id."`
	KeyReader       string          `config:"key.schema.id.deserializer,class" default:"io.confluent.kafka.serializers.schema.id.DualSchemaIdDeserializer" importance:"low" group:"Registry" doc:"Where a key's schema id is looked for: DualSchemaIdDeserializer looks into the header, then in front of the bytes; PrefixSchemaIdDeserializer only there."`
	ValueReader     string          `config:"value.schema.id.deserializer,class" default:"io.confluent.kafka.serializers.schema.id.DualSchemaIdDeserializer" importance:"low" group:"Registry" doc:"Where a value's schema id is looked for: DualSchemaIdDeserializer looks into the header, then in front of the bytes; PrefixSchemaIdDeserializer only there."`
	MaxSchemas      int             `config:"max.schemas.per.subject" default:"1000" min:"1" importance:"low" group:"Registry" doc:"How many schemas the client keeps."`
	LatestCacheSize int             `config:"latest.cache.size" default:"1000" min:"1" importance:"low" group:"Registry" doc:"How many subjects' latest versions the client keeps."`
	LatestTTL       int64           `config:"latest.cache.ttl.sec" default:"60" importance:"low" group:"Registry" doc:"For how many seconds a latest version is kept; -1: for ever."`
	ConnectTimeout  time.Duration   `config:"http.connect.timeout.ms" default:"60000" min:"1" importance:"low" group:"Registry" doc:"How long a connection to the registry may take."`
	ReadTimeout     time.Duration   `config:"http.read.timeout.ms" default:"60000" min:"1" importance:"low" group:"Registry" doc:"How long the registry may take to answer."`
	MaxRetries      int             `config:"max.retries" default:"3" min:"0" importance:"low" group:"Registry" doc:"How often a request is sent again after 408, 429, 500, 502, 503, 504 or a broken connection."`
	RetryWait       time.Duration   `config:"retries.wait.ms" default:"1000" min:"0" importance:"low" group:"Registry" doc:"The first pause before a request is sent again; it doubles."`
	RetryMaxWait    time.Duration   `config:"retries.max.wait.ms" default:"20000" min:"0" importance:"low" group:"Registry" doc:"The longest pause before a request is sent again."`
	BasicSource     string          `config:"basic.auth.credentials.source" default:"URL" enum:"URL|USER_INFO" importance:"medium" group:"Security" doc:"Where user name and password stand: in the URL, or in basic.auth.user.info."`
	BasicUserInfo   config.Password `config:"basic.auth.user.info" importance:"medium" group:"Security" doc:"user:password for the registry, with basic.auth.credentials.source=USER_INFO."`
	OldUserInfo     config.Password `config:"schema.registry.basic.auth.user.info" importance:"medium" group:"Security" doc:"The older name of basic.auth.user.info."`
	BearerSource    string          `config:"bearer.auth.credentials.source" default:"STATIC_TOKEN" enum:"STATIC_TOKEN" importance:"medium" group:"Security" doc:"Where the bearer token stands."`
	BearerToken     config.Password `config:"bearer.auth.token" importance:"medium" group:"Security" doc:"A token for the registry."`
}

// A strategy names subjects.
type strategy uint8

const (
	topicName strategy = iota
	recordName
	topicRecordName
)

// parseStrategy reads a class name, full or simple. AssociatedNameStrategy asks registries for associations that the included one does
// not have; without them it is TopicNameStrategy.
func parseStrategy(key, class string) (strategy, error) {
	switch simple(class) {
	case "TopicNameStrategy", "AssociatedNameStrategy":
		return topicName, nil
	case "RecordNameStrategy":
		return recordName, nil
	case "TopicRecordNameStrategy":
		return topicRecordName, nil
	}
	return 0, connect.ConfigErr(key, "unknown subject name strategy "+class, "use TopicNameStrategy, RecordNameStrategy or TopicRecordNameStrategy of io.confluent.kafka.serializers.subject")
}

// bases parses the URLs; credentials are moved out of them.
func (s *Settings) bases() ([]*url.URL, *url.Userinfo, error) {
	const key = "schema.registry.url"
	var out []*url.URL
	var user *url.Userinfo
	for _, text := range s.URL {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, nil, connect.ConfigErr(key, "not an http or https URL", "such as http://localhost:8081, where kurier dev serves its registry")
		}
		if u.User != nil && s.BasicSource == "URL" {
			user = u.User
		}
		u.User = nil
		u.Path = strings.TrimSuffix(u.Path, "/")
		out = append(out, u)
	}
	if s.BasicSource == "USER_INFO" {
		info := s.BasicUserInfo.Reveal()
		if info == "" {
			info = s.OldUserInfo.Reveal()
		}
		name, password, ok := strings.Cut(info, ":")
		if !ok {
			return nil, nil, connect.ConfigErr("basic.auth.user.info", "is not of the form user:password", "")
		}
		user = url.UserPassword(name, password)
	}
	return out, user, nil
}
