package jsonconv

import (
	"strings"

	"github.com/kurier-io/kurier/plugins/config"
	"github.com/kurier-io/kurier/plugins/connect"
)

// settings are JsonConverterConfig's.
type settings struct {
	SchemasEnable bool   `config:"schemas.enable" default:"true" importance:"high" group:"Schemas" width:"medium" label:"Enable Schemas" doc:"Include schemas within each of the serialized values and keys."`
	CacheSize     int    `config:"schemas.cache.size" default:"1000" importance:"high" group:"Schemas" width:"medium" label:"Schema Cache Size" doc:"The maximum number of schemas that can be cached in this converter instance."`
	DecimalFormat string `config:"decimal.format" default:"BASE64" enum:"NUMERIC|BASE64" fold:"true" importance:"low" group:"Serialization" width:"medium" label:"Decimal Format" doc:"Controls which format this converter will serialize decimals in: BASE64 (default) or NUMERIC, without regard to case."`
	ReplaceNull   bool   `config:"replace.null.with.default" default:"true" importance:"low" group:"Schemas" width:"medium" label:"Replace null with default" doc:"Whether to replace fields that have a default value and that are null to the default value. When set to true, the default value is used, otherwise null is used."`
	SchemaContent string `config:"schema.content" importance:"high" group:"Schemas" width:"medium" label:"Schema Content" doc:"When set, this is used as the schema for all messages (KIP-1054): the schema part of the envelope as JSON. Otherwise the schema is read from each message. Only for reading."`
	ConverterType string `config:"converter.type" enum:"key|value|header" importance:"low" doc:"How this converter will be used. Set by the worker."`
}

func parse(props connect.Props) (settings, error) {
	c, err := config.Parse[settings](props)
	c.DecimalFormat = strings.ToUpper(c.DecimalFormat)
	return c, err
}
