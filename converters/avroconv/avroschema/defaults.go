package avroschema

import (
	"math"
	"strconv"
	"strings"
)

// maxSteps bounds what is compared for one answer: records that use each other can ask for exponentially many comparisons.
const maxSteps = 500_000

// fits checks a default against its type by the rules of Avro 1.12: any branch of a union will do, and neither the length of a fixed nor
// the symbols of an enum are looked at.
func fits(t *Type, v *Value, budget *int) bool {
	*budget--
	if v == nil || *budget < 0 {
		return false
	}
	switch t.Kind {
	case String, Bytes, Enum, Fixed:
		return v.Kind == JSONString
	case Int:
		i, ok := v.Int()
		return ok && i >= math.MinInt32 && i <= math.MaxInt32
	case Long:
		_, ok := v.Int()
		return ok
	case Float, Double:
		return v.Kind == JSONInt || v.Kind == JSONFloat
	case Boolean:
		return v.Kind == JSONBool
	case Null:
		return v.Kind == JSONNull
	case Array:
		for i := range v.Elems {
			if !fits(t.Elem, &v.Elems[i], budget) {
				return false
			}
		}
		return v.Kind == JSONArray
	case Map:
		for i := range v.Members {
			if !fits(t.Elem, &v.Members[i].Value, budget) {
				return false
			}
		}
		return v.Kind == JSONObject
	case Union:
		for _, b := range t.Branches {
			if fits(b, v, budget) {
				return true
			}
		}
		return false
	case Record:
		if v.Kind != JSONObject {
			return false
		}
		for i := range t.Fields {
			f := &t.Fields[i]
			d := f.Default
			if m, ok := v.Get(f.Name); ok {
				d = &m
			}
			if !fits(f.Type, d, budget) {
				return false
			}
		}
		return true
	}
	return false
}

// Fits reports whether a default fits a type. What it says of one that nests too much is no.
func Fits(t *Type, v *Value) bool {
	budget := maxSteps
	return fits(t, v, &budget)
}

// parseJavaDouble reads the text form of a floating-point default, "NaN" or "Infinity" above all.
func parseJavaDouble(text string) (Value, bool) {
	s := strings.TrimSpace(text)
	f, err := strconv.ParseFloat(strings.TrimRight(s, "dDfF"), 64)
	if bare := strings.TrimLeft(s, "+-"); strings.HasPrefix(bare, "I") || strings.HasPrefix(bare, "N") {
		f, err = strconv.ParseFloat(s, 64)
	}
	if err != nil && !math.IsInf(f, 0) {
		return Value{Text: text}, false
	}
	return Value{Kind: JSONFloat, Float: f}, true
}
