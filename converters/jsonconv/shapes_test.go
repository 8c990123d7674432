package jsonconv

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/plugins/data"
)

// objectText draws an object of a few names, so that the same names in the same order come again.
func objectText(t *rapid.T, depth int) string {
	names := rapid.SampledFrom([]string{"", "a", "a,b", "b,a", "a,b,c", "a,a", "a,b,c,d,e,f,g,h,i,j", "a,b,c,d,e,f,g,h,i,k", `\u0061,b`, "bb,a"}).Draw(t, "names")
	var parts []string
	for name := range strings.SplitSeq(names, ",") {
		if names == "" {
			break
		}
		v := "1"
		if depth < 3 {
			switch rapid.IntRange(0, 4).Draw(t, "value") {
			case 0:
				v = objectText(t, depth+1)
			case 1:
				v = "[" + objectText(t, depth+1) + "," + objectText(t, depth+1) + "]"
			case 2:
				v = `"x"`
			}
		}
		parts = append(parts, `"`+name+`":`+v)
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// TestSharedKeysChangeNothing compares a converter that has seen many objects with one that sees its first.
func TestSharedKeysChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		used := configured(t, off)
		var kept []data.Value
		for i := range rapid.IntRange(1, 30).Draw(t, "objects") {
			text := objectText(t, 0)
			_, got, err := used.ToConnectData("t", []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			_, want, err := configured(t, off).ToConnectData("t", []byte(text))
			if err != nil || got.String() != want.String() || !got.Equal(want) {
				t.Fatalf("object %d %s: %s, want %s (%v)", i, text, got, want, err)
			}
			kept = append(kept, got)
		}
		// What a transformation puts into one map is in no other.
		for i, v := range kept {
			v.Map().Put(data.StringValue(fmt.Sprint("new", i)), data.Int8Value(1))
			v.Map().Put(data.StringValue("a"), data.Int8Value(9))
		}
		for i, v := range kept {
			if got, ok := v.Map().GetString(fmt.Sprint("new", i)); !ok || got.Int() != 1 || strings.Count(v.String(), "new") != 1 {
				t.Fatalf("%s: want new%d and nothing of another map", v, i)
			}
		}
	})
}
