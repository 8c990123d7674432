package data_test

import (
	"fmt"
	"math/big"
	"time"

	"github.com/kurier-io/kurier/plugins/data"
)

// A schema is built once, when the connector learns the shape of its rows, and used for all of them.
func ExampleBuilder() {
	order := data.StructOf().Name("shop.Order").Version(2).Doc("One order.").
		Field("id", data.Of(data.Int64).MustBuild()).
		Field("note", data.Of(data.String).Optional().MustBuild()).
		Field("total", data.DecimalOf(2).MustBuild()).
		Field("tags", data.ArrayOf(data.Of(data.String).MustBuild()).MustBuild()).
		MustBuild()
	for _, f := range order.Fields() {
		fmt.Println(f.Index, f.Name, f.Schema, f.Schema.Optional())
	}
	// Output:
	// 0 id Schema{INT64} false
	// 1 note Schema{STRING} true
	// 2 total Schema{org.apache.kafka.connect.data.Decimal:BYTES} false
	// 3 tags Schema{ARRAY} false
}

// Build reports the first wrong call, in Java's words.
func ExampleBuilder_Build() {
	_, err := data.StructOf().Field("a", data.Of(data.Int8).MustBuild()).Field("a", data.Of(data.Int8).MustBuild()).Build()
	fmt.Println(err)
	// Output: Cannot create field because of field name duplication a
}

func ExampleStruct() {
	s := data.StructOf().
		Field("name", data.Of(data.String).MustBuild()).
		Field("age", data.Of(data.Int32).Optional().Default(data.Int32Value(18)).MustBuild()).
		MustBuild()
	row := data.NewStruct(s)
	fmt.Println(row.Put("name", data.StringValue("Ada")))
	fmt.Println(row.Put("age", data.StringValue("old")))
	age, _ := row.Get("age") // the default, as nothing was put
	fmt.Println(row, age)
	// Output:
	// <nil>
	// Invalid Java object for schema with type INT32: class java.lang.String for field: "age"
	// Struct{name=Ada} 18
}

func ExampleValue() {
	for _, v := range []data.Value{
		data.BoolValue(true), data.Int64Value(1 << 40), data.Float64Value(1e10), data.StringValue("text"), data.BytesValue([]byte{1, 255}), data.Null(),
		data.ArrayValue([]data.Value{data.Int8Value(1), data.Int8Value(2)}),
	} {
		fmt.Println(v.Kind().JavaClass(), v)
	}
	// Output:
	// java.lang.Boolean true
	// java.lang.Long 1099511627776
	// java.lang.Double 1.0E10
	// java.lang.String text
	// [B 01ff
	// null null
	// java.util.ArrayList [1, 2]
}

func ExampleDecimalValue() {
	price := data.DecimalValue(big.NewInt(-1250), 2)
	base, err := data.ToBase(data.DecimalOf(2).MustBuild(), price)
	fmt.Println(price, base, err)
	_, err = data.ToBase(data.DecimalOf(3).MustBuild(), price)
	fmt.Println(err)
	// Output:
	// -12.50 fb1e <nil>
	// Decimal value has mismatching scale for given Decimal schema. Schema has scale 3, value has scale 2.
}

// Date, Time and Timestamp values are instants; their schema says what part counts.
func ExampleTimestampValue() {
	at := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	v := data.TimestampValue(at.UnixMilli())
	base, _ := data.ToBase(data.TimestampOf().MustBuild(), v)
	fmt.Println(base)
	_, err := data.ToBase(data.DateOf().MustBuild(), v)
	fmt.Println(err)
	// Output:
	// 1772368200000
	// Kafka Connect Date type should not have any time fields set to non-zero values.
}

func ExampleMap() {
	m := data.NewMap(2)
	m.Put(data.StringValue("b"), data.Int32Value(1))
	m.Put(data.StringValue("a"), data.Int32Value(2))
	m.Put(data.StringValue("b"), data.Int32Value(3)) // keeps its place
	s := data.MapOf(data.Of(data.String).MustBuild(), data.Of(data.Int32).MustBuild()).MustBuild()
	fmt.Println(data.MapValue(m), data.Validate(s, data.MapValue(m)))
	// Output: {b=3, a=2} <nil>
}

// A sink reads rows that were written with an older schema.
func ExampleProject() {
	old := data.StructOf().Field("id", data.Of(data.Int32).MustBuild()).MustBuild()
	now := data.StructOf().
		Field("id", data.Of(data.Int64).MustBuild()).
		Field("state", data.Of(data.String).Default(data.StringValue("new")).MustBuild()).
		MustBuild()
	row := data.NewStruct(old)
	_ = row.Put("id", data.Int32Value(7))
	v, err := data.Project(old, data.StructValue(row), now)
	fmt.Println(v, err)
	// Output: Struct{id=7,state=new} <nil>
}

// A connector that decodes rows from a wire format of its own writes them straight into ours.
func ExampleRowEncoder() {
	s := data.StructOf().Field("id", data.Of(data.Int64).MustBuild()).Field("name", data.Of(data.String).Optional().MustBuild()).MustBuild()
	rows := data.NewRowEncoder(s)
	out := make([]data.EncodedStruct, 2)
	for i := range out {
		rows.Begin()
		rows.Uint64(uint64(i))
		if i == 0 {
			rows.Null()
		} else {
			rows.Bytes([]byte("x"))
		}
		rows.End(&out[i])
	}
	fmt.Println(data.EncodedValue(&out[0]).Struct(), data.EncodedValue(&out[1]).Struct())
	// Output: Struct{id=0} Struct{id=1,name=x}
}
