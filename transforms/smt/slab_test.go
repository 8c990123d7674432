package smt

import (
	"strconv"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

func TestNothingOfASlabIsUsedTwice(t *testing.T) {
	s := data.StructOf().Field("a", data.Of(data.String).MustBuild()).Field("b", data.Of(data.String).MustBuild()).MustBuild()
	var slab Slab
	var made []*data.Struct
	for i := range 5000 {
		st := slab.Struct(s)
		if !st.At(0).IsNull() || !st.At(1).IsNull() {
			t.Fatalf("struct %d is not empty", i)
		}
		text := slab.Text(i % 40)
		for range i % 50 { // now and then more than was asked for
			text = append(text, 'x')
		}
		st.SetAt(0, slab.Keep(strconv.AppendInt(text, int64(i), 10)))
		st.SetAt(1, data.Int64Value(int64(i)))
		made = append(made, st)
	}
	for i, st := range made {
		text := st.At(0).Str()
		if st.At(1).Int() != int64(i) || text[i%50:] != strconv.Itoa(i) {
			t.Fatalf("struct %d became %s", i, st)
		}
	}
}

func TestAProjectionFillsAndRefuses(t *testing.T) {
	def := data.Of(data.Int32).Default(data.Int32Value(7)).MustBuild()
	from := data.StructOf().Field("a", data.Of(data.Int32).MustBuild()).Field("b", def).Field("c", data.Of(data.Int32).Optional().MustBuild()).MustBuild()
	to := data.StructOf().Field("c", from.Fields()[2].Schema).Field("a", from.Fields()[0].Schema).Field("b", def).Field("new", def).MustBuild()
	var slab Slab
	row := data.StructOn(from, []data.Value{data.Int32Value(1), {}, data.Int32Value(3)})
	for _, tc := range []struct {
		withDefault bool
		want        string
	}{
		{true, "Struct{c=3,a=1,b=7}"},
		{false, `Invalid value: null used for required field: "b", schema type: INT32`},
	} {
		p := NewProjection(to, from, []int{2, 0, 1, -1}, tc.withDefault)
		got := ""
		if out, err := p.Apply(&slab, row); err != nil {
			got = err.Error()
		} else {
			got = out.String()
		}
		if got != tc.want {
			t.Errorf("%v: %s, want %s", tc.withDefault, got, tc.want)
		}
	}
}
