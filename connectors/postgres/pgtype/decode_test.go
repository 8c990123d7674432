package pgtype

import (
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// decodeOne runs one value through a plan of one column.
func decodeOne(c Column, o Options, w []byte) (data.Value, *data.Schema, error) {
	c.Name = "c"
	p, err := NewPlan("t", []Column{c}, o)
	if err != nil || len(p.Dropped) > 0 {
		return data.Value{}, nil, err
	}
	e := data.NewRowEncoder(p.Schema)
	e.Begin()
	if err := p.Append(e, [][]byte{w}); err != nil {
		return data.Value{}, nil, err
	}
	var es data.EncodedStruct
	e.End(&es)
	return data.EncodedValue(&es).Struct().At(0), p.Schema.Fields()[0].Schema, nil
}

func numericMod(precision, scale int32) int32 { return precision<<16 | scale&0x7ff + 4 }

func TestWireBytesBecomeValues(t *testing.T) {
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	best := Options{Numeric: NumericBestFit}
	for name, c := range map[string]struct {
		c         Column
		o         Options
		wire      string
		typ, text string
	}{
		"bool":                   {Column{OID: oidBool}, Options{}, "01", "BOOLEAN", "true"},
		"int2":                   {Column{OID: oidInt2}, Options{}, "fff9", "INT16", "-7"},
		"int4":                   {Column{OID: oidInt4}, Options{}, "fffffff9", "INT32", "-7"},
		"int8":                   {Column{OID: oidInt8}, Options{}, "0000000100000000", "INT64", "4294967296"},
		"oid":                    {Column{OID: oidOID}, Options{}, "ffffffff", "INT64", "4294967295"},
		"float4":                 {Column{OID: oidFloat4}, Options{}, "3fc00000", "FLOAT32", "1.5"},
		"float8 NaN":             {Column{OID: oidFloat8}, Options{}, "7ff8000000000000", "FLOAT64", "NaN"},
		"text":                   {Column{OID: oidText}, Options{}, "c3bc", "STRING", "ü"},
		"jsonb":                  {Column{OID: oidJSONB}, Options{}, "017b7d", "STRING", "{}"},
		"uuid":                   {Column{OID: oidUUID}, Options{}, "a0eebc999c0b4ef8bb6d6bb9bd380a11", "STRING", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
		"bytea":                  {Column{OID: oidBytea}, Options{}, "00ff", "BYTES", "00ff"},
		"money":                  {Column{OID: oidMoney}, Options{}, "000000000001e240", "FLOAT64", "1234.56"},
		"bit(1)":                 {Column{OID: oidBit, Mod: 1}, Options{}, "0000000180", "BOOLEAN", "true"},
		"bit(3)":                 {Column{OID: oidBit, Mod: 3}, Options{}, "00000003a0", "INT8", "101"},
		"numeric(10,2)":          {Column{OID: oidNumeric, Mod: numericMod(10, 2)}, Options{}, "00020000000000020001" + "07d0", "BYTES", "1.20"},
		"numeric(10,2) 10.20":    {Column{OID: oidNumeric, Mod: numericMod(10, 2)}, Options{}, "0002000000000002000a07d0", "BYTES", "10.20"},
		"numeric(10,2) negative": {Column{OID: oidNumeric, Mod: numericMod(10, 2)}, Options{}, "0002000040000002000a07d0", "BYTES", "-10.20"},
		"numeric(4,-2)":          {Column{OID: oidNumeric, Mod: numericMod(4, -2)}, Options{}, "000100000000000004b0", "BYTES", "1200"},
		"numeric(9,0) best fit":  {Column{OID: oidNumeric, Mod: numericMod(9, 0)}, best, "0002000100000000" + "00010002", "INT32", "10002"},
		"numeric(2,0) best fit":  {Column{OID: oidNumeric, Mod: numericMod(2, 0)}, best, "0001000000000000000c", "INT8", "12"},
		"numeric(10,2) best fit": {Column{OID: oidNumeric, Mod: numericMod(10, 2)}, best, "0002000000000002000a07d0", "FLOAT64", "10.2"},
		"numeric(38,2) best fit": {Column{OID: oidNumeric, Mod: numericMod(38, 2)}, best, "0002000000000002000a07d0", "BYTES", "10.20"},
		"numeric text":           {Column{OID: oidNumeric, Mod: -1}, Options{Unconstrained: UnconstrainedString}, hex.EncodeToString([]byte("12.34")), "STRING", "12.34"},
		"numeric double":         {Column{OID: oidNumeric, Mod: -1}, Options{Unconstrained: UnconstrainedDouble}, "0000000" + "0c0000000", "FLOAT64", "NaN"},
		"date":                   {Column{OID: oidDate}, Options{}, "0000225f", "INT32", "Sat Feb 03 00:00:00 UTC 2024"},
		"time":                   {Column{OID: oidTime}, Options{}, "000000141dd76000", "INT32", "Fri Jan 02 00:00:00 UTC 1970"},
		"timetz":                 {Column{OID: oidTimeTZ}, Options{}, "0000000000000000" + "fffff1f0", "INT32", "Thu Jan 01 23:00:00 UTC 1970"},
		"timestamp":              {Column{OID: oidTimestamp}, Options{}, "0002b3711a3a42c0", "INT64", "Sat Feb 03 04:05:06 UTC 2024"},
		"timestamp in a zone":    {Column{OID: oidTimestamp}, Options{Location: newYork}, "0002b3711a3a42c0", "INT64", "Sat Feb 03 09:05:06 UTC 2024"},
		"timestamptz ignores it": {Column{OID: oidTimestampTZ}, Options{Location: newYork}, "0002b3711a3a42c0", "INT64", "Sat Feb 03 04:05:06 UTC 2024"},
		"micros_long":            {Column{OID: oidTimestamp}, Options{Granularity: "micros_long"}, "0002b3711a3a42c0", "INT64", "1706933106123456"},
		"micros before 1970":     {Column{OID: oidTimestamp}, Options{Granularity: "micros_long"}, "fffca2fec4c07ee0", "INT64", "-500000"},
		"nanos_string":           {Column{OID: oidTimestamp}, Options{Granularity: "nanos_string"}, "0002b3711a3a42c0", "STRING", "1706933106123456000"},
		"micros iso":             {Column{OID: oidTimestamp}, Options{Granularity: "micros_iso_datetime_string"}, "0002b3711a3a42c0", "STRING", "2024-02-03T04:05:06.123456"},
		"enum":                   {Column{OID: 99999, Enum: true}, Options{}, "6f6b", "STRING", "ok"},
		"unknown as text":        {Column{OID: 869}, Options{AsText: true}, "3a3a31", "STRING", "::1"},
		"int4[]":                 {Column{OID: 1007}, Options{Complex: true}, "000000010000000100000017000000020000000100000004" + "00000007" + "ffffffff", "ARRAY", "[7, null]"},
		"hstore":                 {Column{OID: 99998, TypeName: "hstore"}, Options{Complex: true, HStore: "map"}, "00000001" + "0000000161" + "ffffffff", "MAP", "{a=null}"},
	} {
		wire, err := hex.DecodeString(c.wire)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		v, s, err := decodeOne(c.c, c.o, wire)
		if err != nil || s == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if v.String() != c.text || s.Type().String() != c.typ {
			t.Errorf("%s: %s %s, want %s %s", name, s.Type(), v, c.typ, c.text)
		}
	}
}

func TestTypesOfTheJDBCSourceOnly(t *testing.T) {
	for _, oid := range []uint32{1186, 869, 650, 1562, 1007, 3904, 600} { // interval, inet, cidr, varbit, int4[], int4range, point
		p, err := NewPlan("t", []Column{{Name: "c", OID: oid}}, Options{})
		if err != nil || len(p.Dropped) != 1 || p.Schema.NumFields() != 0 {
			t.Errorf("type %d: %v, %d fields", oid, err, p.Schema.NumFields())
		}
	}
}

func TestInfinity(t *testing.T) {
	plus, minus := []byte{0x7f, 255, 255, 255, 255, 255, 255, 255}, []byte{0x80, 0, 0, 0, 0, 0, 0, 0}
	for _, c := range []struct {
		w    []byte
		want int64
	}{{plus, 9223372036825200000}, {minus, -9223372036832400000}} {
		if v, _, err := decodeOne(Column{OID: oidTimestamp}, Options{}, c.w); err != nil || v.Millis() != c.want {
			t.Errorf("%d %v, want %d", v.Millis(), err, c.want)
		}
	}
	if _, _, err := decodeOne(Column{OID: oidDate}, Options{}, plus[:4]); err == nil || !strings.Contains(err.Error(), `column "c"`) {
		t.Errorf("date infinity: %v", err)
	}
	nan := []byte{0, 0, 0, 0, 0xc0, 0, 0, 0}
	for _, o := range []Options{{}, {Numeric: NumericBestFit}} {
		if _, _, err := decodeOne(Column{OID: oidNumeric, Mod: numericMod(5, 0)}, o, nan); err == nil {
			t.Errorf("numeric NaN was taken with %+v", o)
		}
	}
}

func TestJavasCalendarBeforeTheGregorianOne(t *testing.T) {
	if got := hybridDays(-171664); got != -171655 {
		t.Errorf("1500-01-01 is %d in Java, want -171655", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		// The ten days that the Julian calendar has and the other not map onto each other's neighbours.
		days := rapid.Int64Range(-3_000_000, gregorianStart-20).Draw(t, "days")
		if back := ProlepticDays(hybridDays(days)); back != days {
			t.Fatalf("%d came back as %d through %d", days, back, hybridDays(days))
		}
	})
}

// wireNumeric writes unscaled × 10^-scale as PostgreSQL does.
func wireNumeric(unscaled *big.Int, scale int) []byte {
	text := new(big.Int).Abs(unscaled).String()
	if len(text) <= scale {
		text = strings.Repeat("0", scale-len(text)+1) + text
	}
	whole, fraction := text[:len(text)-scale], text[len(text)-scale:]
	whole = strings.Repeat("0", (4-len(whole)%4)%4) + whole
	fraction += strings.Repeat("0", (4-len(fraction)%4)%4)
	weight, digits := len(whole)/4-1, whole+fraction
	for strings.HasPrefix(digits, "0000") {
		digits, weight = digits[4:], weight-1
	}
	for strings.HasSuffix(digits, "0000") {
		digits = digits[:len(digits)-4]
	}
	sign := uint16(0)
	if unscaled.Sign() < 0 {
		sign = numericNegative
	}
	w := binary.BigEndian.AppendUint16(nil, uint16(len(digits)/4))
	w = binary.BigEndian.AppendUint16(w, uint16(int16(weight)))
	w = binary.BigEndian.AppendUint16(w, sign)
	w = binary.BigEndian.AppendUint16(w, uint16(scale))
	for i := 0; i < len(digits); i += 4 {
		n, _ := new(big.Int).SetString(digits[i:i+4], 10)
		w = binary.BigEndian.AppendUint16(w, uint16(n.Int64()))
	}
	return w
}

func TestNumericKeepsItsValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{1,45}`).Draw(t, "unscaled")
		unscaled, _ := new(big.Int).SetString(text, 10)
		scale := rapid.IntRange(0, 30).Draw(t, "scale")
		wire := wireNumeric(unscaled, scale)
		v, s, err := decodeOne(Column{OID: oidNumeric, Mod: numericMod(60, int32(scale))}, Options{}, wire)
		if err != nil {
			t.Fatal(err)
		}
		got, gotScale := v.Decimal()
		raw, _ := v.DecimalBytes()
		minimal, _ := data.DecimalValue(unscaled, 0).DecimalBytes()
		if got.Cmp(unscaled) != 0 || gotScale != int32(scale) || s.Scale() != int32(scale) || string(raw) != string(minimal) {
			t.Fatalf("%s scale %d: %s scale %d, bytes %x, want %x", text, scale, got, gotScale, raw, minimal)
		}
		f, err := numericFloat(wire)
		if err != nil {
			t.Fatal(err)
		}
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(scale)), nil)
		if want, _ := new(big.Rat).SetFrac(unscaled, ten).Float64(); want != f {
			t.Fatalf("%s scale %d: %v, want %v", text, scale, f, want)
		}
	})
}

func FuzzDecode(f *testing.F) {
	oids := []uint32{oidBool, oidInt2, oidInt4, oidInt8, oidFloat8, oidNumeric, oidMoney, oidText, oidJSONB, oidUUID, oidBit, oidDate, oidTime, oidTimeTZ,
		oidTimestamp, 1007, 1009, 1231, 99998}
	f.Add(byte(5), int32(-1), []byte{0, 2, 0, 0, 0, 0, 0, 2, 0, 10, 7, 208})
	f.Add(byte(15), int32(-1), make([]byte, 24))
	f.Add(byte(18), int32(-1), []byte{0, 0, 0, 1, 0, 0, 0, 1, 'a', 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, which byte, mod int32, w []byte) {
		c := Column{OID: oids[int(which)%len(oids)], Mod: mod}
		if c.OID == 99998 {
			c.TypeName = "hstore"
		}
		v, s, err := decodeOne(c, Options{Complex: true, HStore: "map", Unconstrained: UnconstrainedVariableScale}, w)
		if err != nil || s == nil {
			return
		}
		if s.Type() != data.StructType {
			if err := data.Validate(s, v); err != nil {
				t.Errorf("%d %x: %v", c.OID, w, err)
			}
		}
	})
}
