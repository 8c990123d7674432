package avroschema

import "math"

// setLogical finds the logical type; one that does not fit its type is ignored, as the specification asks.
func (t *Type) setLogical() {
	name := t.TextProp("logicalType")
	ok := false
	switch name {
	case "date", "time-millis":
		ok = t.Kind == Int
	case "time-micros", "timestamp-millis", "timestamp-micros", "timestamp-nanos",
		"local-timestamp-millis", "local-timestamp-micros", "local-timestamp-nanos":
		ok = t.Kind == Long
	case "uuid":
		ok = t.Kind == String || t.Kind == Fixed && t.Size == 16
	case "duration":
		ok = t.Kind == Fixed && t.Size == 12
	case "big-decimal":
		ok = t.Kind == Bytes
	case "decimal":
		ok = t.decimal()
	}
	if ok {
		t.Logical = name
	}
}

func (t *Type) decimal() bool {
	precision, ok := t.intProp("precision")
	if !ok || precision <= 0 || t.Kind != Bytes && t.Kind != Fixed {
		return false
	}
	if t.Kind == Fixed && precision > int(math.Floor(math.Log10(2)*float64(8*t.Size-1))) {
		return false
	}
	scale := 0
	if _, has := t.Prop("scale"); has {
		if scale, ok = t.intProp("scale"); !ok || scale < 0 || scale > precision {
			return false
		}
	}
	t.Precision, t.Scale = precision, scale
	return true
}

func (t *Type) intProp(name string) (int, bool) {
	v, _ := t.Prop(name)
	n, ok := v.Int()
	return int(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}
