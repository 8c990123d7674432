package connect_test

import (
	"testing"

	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func TestHeadersFitTheirSchemas(t *testing.T) {
	text, row := data.Of(data.String).MustBuild(), data.StructOf().Field("a", data.Of(data.Int8).Optional().MustBuild()).MustBuild()
	for _, tc := range []struct {
		s    *data.Schema
		v    data.Value
		want string
	}{
		{text, data.StringValue("x"), ""},
		{nil, data.Null(), ""},
		{text, data.Null(), "A null value requires an optional schema but was Schema{STRING}"},
		{text, data.Int8Value(1), "The value 1 is not compatible with the schema Schema{STRING}"},
	} {
		h, err := connect.NewHeader("k", tc.s, tc.v)
		if got := errorText(err); got != tc.want || err == nil && (h.Key != "k" || !h.Value.Equal(tc.v)) {
			t.Errorf("%+v %s, want %s", h, got, tc.want)
		}
	}
	if h, err := connect.NewHeader("k", nil, data.StructValue(data.NewStruct(row))); err != nil || h.Schema != row {
		t.Errorf("%+v %v", h, err)
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
