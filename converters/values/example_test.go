package values_test

import (
	"fmt"

	"github.com/kurier-io/kurier/converters/values"
	"github.com/kurier-io/kurier/plugins/data"
)

// Header values travel as text; reading one infers the smallest type that fits.
func ExampleParse() {
	for _, text := range []string{"12", "3.5", "true", "2019-08-23", "[1, 2000]", `{"a": 1, "b": 2.5}`, "plain text", "null"} {
		s, v := values.Parse(text)
		fmt.Println(s, v)
	}
	// Output:
	// Schema{INT8} 12
	// Schema{FLOAT32} 3.5
	// Schema{BOOLEAN} true
	// Schema{org.apache.kafka.connect.data.Date:INT32} Fri Aug 23 00:00:00 UTC 2019
	// Schema{ARRAY} [1, 2000]
	// Schema{MAP} {a=1.0, b=2.5}
	// Schema{STRING} plain text
	// null null
}

func ExampleAppend() {
	v := data.ArrayValue([]data.Value{data.StringValue(`a "quote"`), data.BytesValue([]byte{1, 2, 3}), data.TimestampValue(1566570894346), data.Null()})
	fmt.Println(string(values.Append(nil, v)))
	// Output: ["a \"quote\"","AQID",2019-08-23T14:34:54.346Z,null]
}
