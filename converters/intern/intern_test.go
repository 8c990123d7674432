package intern

import (
	"strconv"
	"sync"
	"testing"

	"github.com/kurier-io/kurier/plugins/data"
)

func row(name string, ty data.Type) *data.Schema {
	return data.StructOf().Name(name).Field("a", data.Of(ty).MustBuild()).MustBuild()
}

func TestEqualSchemasAreOnePointer(t *testing.T) {
	n := New()
	first := row("r", data.Int8)
	if n.Of(nil) != nil || n.Of(first) != first || n.Of(row("r", data.Int8)) != first || n.Of(row("r", data.Int16)) == first || n.Of(row("q", data.Int8)) == first {
		t.Error("pointers are mixed up")
	}
	var wg sync.WaitGroup
	got := make([]*data.Schema, 8)
	for i := range got {
		wg.Go(func() { got[i] = n.Of(row("shared", data.String)) })
	}
	wg.Wait()
	for _, s := range got {
		if s != got[0] {
			t.Error("two pointers of one schema")
		}
	}
}

func TestWhatIsRememberedIsBounded(t *testing.T) {
	n := New()
	for i := range 3 * sameShape {
		n.Of(data.StructOf().Name("r").Field("f"+strconv.Itoa(i), data.Of(data.Int8).MustBuild()).MustBuild())
	}
	if known, _ := n.byShape.Get(shape{data.StructType, "r", 1}); len(known) != sameShape {
		t.Errorf("%d schemas of one shape", len(known))
	}
	for i := range 3 * mostShapes {
		n.Of(row("n"+strconv.Itoa(i), data.Int8))
	}
	if n.byShape.Len() > mostShapes {
		t.Errorf("%d shapes", n.byShape.Len())
	}
}
