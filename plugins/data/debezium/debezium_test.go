package debezium_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
	"github.com/kurier-io/kurier/plugins/data/debezium"
)

func TestSchemas(t *testing.T) {
	for want, b := range map[string]*data.Builder{
		"INT32 io.debezium.time.Date 1 []":                                                     debezium.Of(debezium.Date),
		"INT64 io.debezium.time.MicroTimestamp 1 []":                                           debezium.Of(debezium.MicroTimestamp),
		"STRING io.debezium.data.Json 1 []":                                                    debezium.Of(debezium.JSON),
		`STRING io.debezium.data.Enum 1 [{allowed a,b\,c,d\\e}]`:                               debezium.Enum("a", "b,c", `d\e`),
		"BYTES io.debezium.data.Bits 1 [{length 9}]":                                           debezium.Bits(9),
		"STRUCT io.debezium.data.VariableScaleDecimal 1 [] scale:INT32 value:BYTES":            debezium.VariableScaleDecimal(),
		"STRUCT io.debezium.data.geometry.Point 1 [] x:FLOAT64 y:FLOAT64 wkb:BYTES srid:INT32": debezium.Point(),
		"ARRAY io.debezium.data.FloatVector 1 []":                                              debezium.FloatVector(),
		"STRUCT io.debezium.data.SparseDoubleVector 1 [] dimensions:INT16 vector:MAP":          debezium.SparseDoubleVector(),
	} {
		s, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		v, _ := s.Version()
		got := fmt.Sprintf("%s %s %d %v", s.Type(), s.Name(), v, s.Params())
		for _, f := range s.Fields() {
			got += " " + f.Name + ":" + f.Schema.Type().String()
		}
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if got := debezium.Allowed(debezium.EnumSet("a", "b,c", `d\e`, "").MustBuild()); !slices.Equal(got, []string{"a", "b,c", `d\e`, ""}) {
		t.Errorf("%q", got)
	}
}

func Example() {
	row := data.StructOf().Name("shop.public.orders.Value").
		Field("id", data.Of(data.Int64).MustBuild()).
		Field("status", debezium.Enum("new", "paid").MustBuild()).
		Field("created", debezium.Of(debezium.MicroTimestamp).Optional().MustBuild()).
		MustBuild()
	st := data.NewStruct(row)
	_ = st.Put("id", data.Int64Value(7))
	_ = st.Put("status", data.StringValue("paid"))
	fmt.Println(st, st.Validate())
	// Output: Struct{id=7,status=paid} <nil>
}

func ExampleVariableScaleDecimalValue() {
	s := debezium.VariableScaleDecimal().MustBuild()
	fmt.Println(debezium.VariableScaleDecimalValue(s, big.NewInt(12345), 2))
	// Output: Struct{scale=2,value=3039}
}
