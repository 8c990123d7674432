package pgtype

import (
	"strconv"

	"github.com/kurier-io/kurier/plugins/data"
)

// A decoder appends one value that is not null to a row. It fits the schema that it was made with.
type decoder func(e *data.RowEncoder, w []byte) error

// A mapped column: its schema in the making, its decoder, and the wire format that the decoder reads (1 binary, 0 text).
type mapped struct {
	schema *data.Builder
	decode decoder
	format int16
}

func binaryAs(t data.Type, d decoder) *mapped { return &mapped{data.Of(t), d, 1} }

// mapColumn returns nil for a type without a mapping.
func mapColumn(c Column, o Options) *mapped {
	switch c.OID {
	case oidBool:
		return binaryAs(data.Boolean, decodeInt1)
	case oidInt2:
		return binaryAs(data.Int16, decodeInt2)
	case oidInt4:
		return binaryAs(data.Int32, decodeInt4)
	case oidInt8:
		return binaryAs(data.Int64, decodeInt8)
	case oidOID:
		return binaryAs(data.Int64, decodeOID)
	case oidFloat4:
		return binaryAs(data.Float32, decodeInt4)
	case oidFloat8:
		return binaryAs(data.Float64, decodeInt8)
	case oidNumeric:
		return mapNumeric(c.Mod, o)
	case oidMoney:
		return binaryAs(data.Float64, decodeMoney)
	case oidText, oidVarchar, oidBPChar, oidName, oidUnknown:
		return binaryAs(data.String, decodeBytes)
	case oidChar, oidXML:
		return &mapped{data.Of(data.String), decodeBytes, 0}
	case oidJSON:
		return &mapped{jsonSchema(o), decodeBytes, 1}
	case oidJSONB:
		return &mapped{jsonSchema(o), decodeJSONB, 1}
	case oidUUID:
		return binaryAs(data.String, uuidDecoder())
	case oidBytea:
		return binaryAs(data.Bytes, decodeBytes)
	case oidBit:
		return mapBit(c.Mod)
	case oidDate:
		return &mapped{data.DateOf(), dateDecoder(o), 1}
	case oidTime:
		return &mapped{data.TimeOf(), decodeTime, 1}
	case oidTimeTZ:
		return &mapped{data.TimeOf(), decodeTimeTZ, 1}
	case oidTimestamp:
		return mapTimestamp(o, o.location())
	case oidTimestampTZ:
		return mapTimestamp(o, nil)
	}
	if c.Enum {
		return binaryAs(data.String, decodeBytes)
	}
	if o.Complex {
		if m := mapComplex(c, o); m != nil {
			return m
		}
	}
	if o.AsText {
		return &mapped{data.Of(data.String), decodeBytes, 0}
	}
	return nil
}

const complexJSONName = "io.confluent.connect.jdbc.data.Json"

func jsonSchema(o Options) *data.Builder {
	b := data.Of(data.String)
	if o.Complex {
		b.Name(complexJSONName)
	}
	return b
}

// A Plan decodes the rows of one result. It reuses buffers and so serves one goroutine.
type Plan struct {
	Schema  *data.Schema
	Formats []int16  // result format of every column
	Dropped []Column // columns without a mapping
	steps   []step
}

type step struct {
	decode   decoder
	column   int
	optional bool
}

// NewPlan maps the columns. An empty name leaves the schema unnamed.
func NewPlan(name string, columns []Column, o Options) (*Plan, error) {
	b := data.StructOf()
	if name != "" {
		b.Name(name)
	}
	p := &Plan{Formats: make([]int16, len(columns))}
	for i, c := range columns {
		m := mapColumn(c, o)
		if m == nil {
			p.Dropped = append(p.Dropped, c)
			continue
		}
		if !c.NotNull {
			m.schema.Optional()
		}
		s, err := m.schema.Build()
		if err != nil {
			return nil, &Error{c.Name, err}
		}
		b.Field(c.Name, s)
		p.Formats[i] = m.format
		p.steps = append(p.steps, step{m.decode, i, !c.NotNull})
	}
	var err error
	p.Schema, err = b.Build()
	return p, err
}

// Append decodes one row into e, an encoder of p.Schema; the caller begins and ends the row. The values are those of the wire, in
// p.Formats; nothing of them is kept.
func (p *Plan) Append(e *data.RowEncoder, values [][]byte) error {
	for i := range p.steps {
		s := &p.steps[i]
		w := values[s.column]
		if w == nil {
			if !s.optional {
				return p.failed(i, data.Errorf("null in a column that is declared NOT NULL (an outer join?): select it through an expression such as COALESCE"))
			}
			e.Null()
			continue
		}
		if err := s.decode(e, w); err != nil {
			return p.failed(i, err)
		}
	}
	return nil
}

func (p *Plan) failed(i int, err error) error {
	return &Error{p.Schema.Fields()[i].Name, err}
}

const precisionParam = "connect.decimal.precision"

func mapNumeric(mod int32, o Options) *mapped {
	if mod < 0 {
		return mapUnconstrained(o)
	}
	// The modifier is (precision << 16 | scale & 0x7ff) + 4; the scale is signed, 11 bits wide, since PostgreSQL 15.
	precision, scale := (mod-4)>>16&0xffff, ((mod-4)&0x7ff^1024)-1024
	if o.Numeric != NumericNone && o.Numeric != "" {
		switch {
		case scale == 0 && precision <= 18:
			return integerNumeric(precision)
		case scale > 0 && (o.Numeric == NumericBestFitEagerDouble || o.Numeric == NumericBestFit && precision <= 18):
			return binaryAs(data.Float64, decodeNumericFloat)
		}
	}
	return &mapped{data.DecimalOf(scale).Param(precisionParam, strconv.Itoa(int(precision))), decimalDecoder(scale), 1}
}

func integerNumeric(precision int32) *mapped {
	switch {
	case precision <= 2:
		return binaryAs(data.Int8, numericIntDecoder(8))
	case precision <= 4:
		return binaryAs(data.Int16, numericIntDecoder(16))
	case precision <= 9:
		return binaryAs(data.Int32, numericIntDecoder(32))
	}
	return binaryAs(data.Int64, numericIntDecoder(64))
}

// javaUnconstrainedScale is what the JDBC source uses for a numeric without precision.
const javaUnconstrainedScale = 127

func mapUnconstrained(o Options) *mapped {
	switch o.Unconstrained {
	case UnconstrainedString:
		return &mapped{data.Of(data.String), decodeBytes, 0}
	case UnconstrainedDouble:
		return binaryAs(data.Float64, decodeNumericFloat)
	case UnconstrainedVariableScale:
		return variableScale()
	}
	return &mapped{data.DecimalOf(javaUnconstrainedScale).Param(precisionParam, "0"), decimalDecoder(javaUnconstrainedScale), 1}
}
