package jsonschemaconv

import (
	"bytes"
	"strings"
	"testing"

	"github.com/kurier-io/kurier/converters/jsonschemaconv/jsonschema"
	"github.com/kurier-io/kurier/plugins/data"
)

var fuzzSchemas = []string{
	`{}`, `true`, `false`, `{"type":"integer"}`, `{"type":["string","integer","null"]}`,
	`{"type":"object","title":"T","properties":{"a":{"type":"integer","connect.type":"int8","connect.index":1},"b":{"oneOf":[{"type":"null"},{"type":"string","default":"d"}],"connect.index":0},"c":{"type":"boolean"}},"required":["c"]}`,
	`{"oneOf":[{"type":"integer"},{"type":"string","connect.type":"bytes"},{"type":"object","properties":{"a":{"type":"string"}}},{"properties":{"b":{"type":"string"}}},{"type":"array","items":{"type":"boolean"}}]}`,
	`{"type":"array","connect.type":"map","items":{"type":"object","properties":{"key":{"type":"integer"},"value":{"oneOf":[{"type":"null"},{"type":"string"}]}}}}`,
	`{"type":"number","connect.type":"bytes","title":"org.apache.kafka.connect.data.Decimal","connect.parameters":{"scale":"2"},"default":1.25}`,
	`{"allOf":[{"$ref":"#/definitions/d"},{"properties":{"t":{"type":"integer","connect.type":"int32","title":"org.apache.kafka.connect.data.Time"}}}],"definitions":{"d":{"properties":{"m":{"type":"object","connect.type":"map","additionalProperties":{"type":"number","connect.type":"float32"}}}}}}`,
	`{"enum":["a",null,1]}`, `{"type":"object","properties":{"a":{},"b":{"anyOf":[{"type":"null"},true]}}}`, `{"const":1}`, `{"type":"object","additionalProperties":{"enum":["x"]}}`, `{"$ref":"#"}`,
	`{"$schema":"https://json-schema.org/draft/2020-12/schema","$ref":"#/$defs/a","properties":{"y":{"type":"string"}},"$defs":{"a":{"$anchor":"q","properties":{"x":{"$ref":"#q"}}}}}`,
}

var fuzzBodies = []string{
	`{"a":300,"b":"x\u00e9","c":true,"c":null}`, `5`, `-1.5e3`, `"AQ=="`, `null`, `[{"key":1,"value":null},{"value":"v","key":1}]`, `{"m":{"k":1.5},"t":5}`,
	`{"b":"x"}`, `[true,{}]`, `{"x":{"y":[1]}}`, `1e99999`, `"\ud800"`,
}

// FuzzRead reads JSON with any JSON Schema: no panic, every value fits the schema that it comes with but for nulls that Java leaves too,
// and what was read is written and read again as the same.
func FuzzRead(f *testing.F) {
	for _, text := range fuzzSchemas {
		for i, body := range fuzzBodies {
			f.Add(text, []byte(body), byte(i))
		}
	}
	f.Fuzz(func(t *testing.T, text string, body []byte, flags byte) {
		l, err := load(text, nil)
		if err != nil {
			return
		}
		o := with()
		o.Generalized, o.OptionalNonReq, o.FlattenSingletons = flags&1 != 0, flags&2 != 0, flags&4 == 0
		o.Preserve, o.IgnoreDefault, o.IgnoreModern = flags&8 != 0, flags&16 != 0, flags&32 != 0
		if flags&64 != 0 {
			o.DecimalFormat = "NUMERIC"
		}
		s, err := o.read(l, 0)
		if err != nil {
			return
		}
		var r reader
		var v data.Value
		r.reset(body)
		p := o.decoder(s)
		if err := r.read(p, &v); err != nil {
			return
		}
		own, err := o.schemaText(s)
		if err != nil && strings.Contains(err.Error(), "mismatching scale") {
			return // a default of another scale than the schema's, as Java leaves it
		} else if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if _, err := jsonschema.Parse(own, nil); err != nil && !hasEmptyEnum(s) {
			t.Fatalf("%s is translated back to %s: %v", text, own, err)
		}
		plan, err := o.compile(s)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out, err := plan.append(nil, v)
		if err != nil {
			return // a decimal of another scale than the schema's, a time out of its day
		}
		var again data.Value
		r.reset(out)
		if err := r.read(p, &again); err != nil {
			return // a null where the schema has none
		}
		twice, err := plan.append(nil, again)
		// What preserve.additional.properties keeps is spelt as it came, and may be a member of another alternative the next time.
		if err != nil || !o.Preserve && !bytes.Equal(out, twice) {
			t.Fatalf("%s: %s is written as %s, then as %s %v", text, body, out, twice, err)
		}
	})
}

// hasEmptyEnum reports whether an enum without symbols is somewhere in the schema; validators refuse it.
func hasEmptyEnum(s *data.Schema) bool {
	if _, ok := s.Param(jsonEnum); ok && len(s.Params()) == 1 {
		return true
	}
	if _, ok := s.Param(jsonEnum + "." + nullSymbol); ok {
		return true
	}
	for _, f := range s.Fields() {
		if hasEmptyEnum(f.Schema) {
			return true
		}
	}
	return s.ValueSchema() != nil && hasEmptyEnum(s.ValueSchema()) || s.KeySchema() != nil && hasEmptyEnum(s.KeySchema())
}
