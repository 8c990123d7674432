package sink

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/connectors/postgres/pgtype"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

// An origin says where in a record a column's value is.
type origin uint8

const (
	fromKey origin = iota
	fromKeyField
	fromValue
	fromValueField
	fromTopic
	fromPartition
	fromOffset
)

// A column is one destination column of a layout.
type column struct {
	name   string
	from   origin
	field  int // with fromKeyField and fromValueField
	schema *data.Schema
	bind   binding
	target *targetColumn
}

// A layout says how records of one topic and one pair of schemas become rows: key columns first, then the others. A layout for deletes
// has key columns only.
type layout struct {
	table   ident.Table // as configured
	columns []column
	keys    int
	target  *target
	write   string // SQL of insert, upsert or update
	remove  string // SQL of delete
}

var kafkaColumns = []string{"__connect_topic", "__connect_partition", "__connect_offset"}

// newLayout compiles a layout; a nil value schema makes one for deletes.
func (s *Settings) newLayout(table ident.Table, key, value *data.Schema) (*layout, error) {
	l := &layout{table: table}
	if err := s.addKeys(l, key, value); err != nil {
		return nil, err
	}
	l.keys = len(l.columns)
	switch {
	case value == nil:
	case value.Type() == data.StructType:
		for _, f := range value.Fields() {
			if (len(s.Whitelist) == 0 || slices.Contains(s.Whitelist, f.Name)) && !l.has(f.Name) {
				l.columns = append(l.columns, column{name: f.Name, from: fromValueField, field: f.Index, schema: f.Schema})
			}
		}
	default:
		l.columns = append(l.columns, column{name: s.StringField, from: fromValue, schema: value})
	}
	if len(l.columns) == 0 {
		return nil, fmt.Errorf("no fields are left to write to table %s: check pk.fields and fields.whitelist", table)
	}
	for i := range l.columns {
		if err := s.checkType(&l.columns[i]); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *layout) has(name string) bool {
	return slices.ContainsFunc(l.columns, func(c column) bool { return c.name == name })
}

func (s *Settings) addKeys(l *layout, key, value *data.Schema) error {
	switch s.PKMode {
	case "kafka":
		names := kafkaColumns
		if len(s.PKFields) == 3 {
			names = s.PKFields
		}
		for i, t := range []data.Type{data.String, data.Int32, data.Int64} {
			l.columns = append(l.columns, column{name: names[i], from: fromTopic + origin(i), schema: data.Of(t).MustBuild()})
		}
	case "record_key":
		if key == nil {
			return connect.ConfigErr("pk.mode", fmt.Sprintf("is record_key, but a record for table %s has no key with a schema", l.table),
				"use a key converter with schemas, or another pk.mode")
		}
		if key.Type() != data.StructType {
			if len(s.PKFields) != 1 {
				return connect.ConfigErr("pk.fields", fmt.Sprintf("the key of records for table %s is a single %s, so exactly one column name is needed", l.table, key.Type()),
					"set pk.fields to the name of the key column")
			}
			l.columns = append(l.columns, column{name: s.PKFields[0], from: fromKey, schema: key})
			return nil
		}
		return addFields(l, s.PKFields, key, fromKeyField, "key")
	case "record_value":
		if value == nil || value.Type() != data.StructType {
			return connect.ConfigErr("pk.mode", fmt.Sprintf("is record_value, but a record for table %s has no struct as its value", l.table), "use another pk.mode")
		}
		return addFields(l, s.PKFields, value, fromValueField, "value")
	}
	return nil
}

func addFields(l *layout, names []string, from *data.Schema, o origin, what string) error {
	if len(names) == 0 {
		for _, f := range from.Fields() {
			names = append(names, f.Name)
		}
	}
	for _, n := range names {
		f, ok := from.Field(n)
		if !ok {
			have := make([]string, 0, from.NumFields())
			for _, f := range from.Fields() {
				have = append(have, f.Name)
			}
			return connect.ConfigErr("pk.fields", fmt.Sprintf("the record %s for table %s has no field %q", what, l.table, n), "it has "+strings.Join(have, ", "))
		}
		l.columns = append(l.columns, column{name: n, from: o, field: f.Index, schema: f.Schema})
	}
	return nil
}

func (s *Settings) checkType(c *column) error {
	t := c.schema.Type()
	if t == data.ArrayType {
		t = c.schema.ValueSchema().Type()
		if t == data.ArrayType {
			t = data.StructType
		}
	}
	if t == data.StructType || t == data.MapType {
		return fmt.Errorf("field %q is %s, which has no column type: flatten it with the Flatten transformation, drop it, or turn it into a string", c.name, c.schema)
	}
	return nil
}

// bindColumn chooses the wire form from the field and the column's type.
func (s *Settings) bindColumn(c *column) binding {
	kind := data.KindFor(c.schema)
	loc := s.loc
	if c.target != nil && c.target.typeName == "timestamptz" {
		loc = time.UTC
	}
	instantType := binding{1114, "timestamp", kind, nil}
	if c.target != nil && c.target.typeName == "timestamptz" {
		instantType = binding{1184, "timestamptz", kind, nil}
	}
	switch c.schema.Logical() {
	case data.LogicalDecimal:
		return binding{1700, "numeric", kind, appendDecimal}
	case data.LogicalDate:
		zone := s.loc
		if strings.EqualFold(s.DateZone, "UTC") {
			zone = time.UTC
		}
		return binding{1082, "date", kind, dateAppender(zone, s.toProleptic)}
	case data.LogicalTime:
		return binding{1083, "time", kind, timeAppender(s.loc)}
	case data.LogicalTimestamp:
		instantType.append = instantAppender(loc, s.timestampMicros)
		return instantType
	}
	switch c.schema.Type() {
	case data.Int8, data.Int16:
		return binding{21, "int2", kind, appendInt2}
	case data.Int32:
		return binding{23, "int4", kind, appendInt4}
	case data.Int64:
		if slices.Contains(s.TSFields, c.name) {
			unit := int64(1)
			if strings.EqualFold(s.TSPrecision, "nanoseconds") {
				unit = 1000
			}
			instantType.append = instantAppender(loc, func(v data.Value) (int64, error) { return v.Int() / unit, nil })
			return instantType
		}
		return binding{20, "int8", kind, appendInt8}
	case data.Float32:
		return binding{700, "float4", kind, appendFloat4}
	case data.Float64:
		return binding{701, "float8", kind, appendFloat8}
	case data.Boolean:
		return binding{16, "bool", kind, appendBool}
	case data.Bytes:
		return binding{17, "bytea", kind, appendRaw}
	case data.ArrayType:
		return binding{25, "text", kind, appendArrayLiteral(c.schema)}
	}
	return binding{25, "text", kind, appendRaw}
}

func (s *Settings) toProleptic(days int64) int64 {
	if strings.EqualFold(s.Calendar, "PROLEPTIC_GREGORIAN") {
		return days
	}
	return pgtype.ProlepticDays(days)
}

func (s *Settings) timestampMicros(v data.Value) (int64, error) {
	us, err := millisToMicros(v)
	const day = 86_400_000_000
	if err != nil || us == 0 || us > 0 || us < -1<<62 {
		return us, err
	}
	d := us / day
	if us%day < 0 {
		d--
	}
	return us + (s.toProleptic(d)-d)*day, nil
}
