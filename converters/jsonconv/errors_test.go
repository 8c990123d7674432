package jsonconv

import (
	"strings"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

// TestErrorsSayWhereAndWhatToDo looks at what an operator gets to read.
func TestErrorsSayWhereAndWhatToDo(t *testing.T) {
	inner := data.StructOf().Field("zip", of(data.Int32)).Field("password", of(data.Int32)).MustBuild()
	outer := data.StructOf().Field("lines", data.ArrayOf(inner).MustBuild()).MustBuild()
	row := func(zip, password data.Value) data.Value {
		st := data.StructValue(data.StructOn(inner, []data.Value{zip, password}))
		return data.StructValue(data.StructOn(outer, []data.Value{data.ArrayValue([]data.Value{st})}))
	}
	for want, v := range map[string]data.Value{
		`Invalid type for INT32: class java.lang.String (field lines[0].zip, found STRING "` + strings.Repeat("x", 60) + `…")`: row(str(strings.Repeat("x", 100)), i32(1)),
		`Invalid type for INT32: class java.lang.String (field lines[0].password, found STRING [hidden])`:                      row(i32(1), str("hunter2")),
	} {
		if _, _, err := configured(t, off).FromConnectData(nil, "t", outer, v); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	envelope := `{"schema":{"type":"struct","fields":[{"type":"array","items":{"type":"struct","fields":[{"type":"int32","field":"zip"},{"type":"bytes","field":"token"}]},"field":"lines"}]},"payload":`
	for in, want := range map[string]string{
		envelope + `{"lines":[{"zip":1,"token":""},{"zip":null,"token":""}]}}`: "Invalid null value for required INT32 field (field lines[1].zip, found null)",
		envelope + `{"lines":[{"zip":1,"token":"&&"}]}}`:                       "Invalid bytes field (field lines[0].token, found a value that is not shown)",
		"\x00\x00\x00\x00\x01\x06abc":                                          "(the bytes begin with the id of a schema: were they written by AvroConverter, ProtobufConverter or JsonSchemaConverter? Use the same one here, with its schema.registry.url)",
		"hello":                                                                "(the bytes look like text: org.apache.kafka.connect.storage.StringConverter takes any)",
		`{"a":1}`:                                                              "set schemas.enable=false in your converter configuration",
	} {
		if _, _, err := configured(t).ToConnectData("t", []byte(in)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "&&") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
