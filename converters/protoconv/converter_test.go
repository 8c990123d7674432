package protoconv

import "testing"

// TestDefaultsComeBack: without a setting that tells null from zero, what was null is read as zero.
func TestDefaultsComeBack(t *testing.T) {
	c := newRegistry(t).open(t)
	b, ok, err := c.FromConnectData(nil, "t", benchSchema, benchRow())
	if err != nil || !ok {
		t.Fatal(err)
	}
	s, v, err := c.ToConnectData("t", b)
	if err != nil {
		t.Fatal(err)
	}
	const want = "Struct{id=123456789,name=Ada Lovelace,email=ada@example.com,age=36,active=true,score=97.25,city=London,visits=4711,created=Fri Aug 23 14:34:54 UTC 2019,updated=Fri Aug 23 14:36:39 UTC 2019,status=shipped,note=}"
	if v.String() != want || s.Name() != "Value" || v.Struct().Schema() != s {
		t.Errorf("%s %s", s, v)
	}
}
