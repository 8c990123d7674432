package schemaregistry_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/sr"

	"github.com/kurier-io/kurier/broker/brokertest"
)

// TestSRClient goes through the client that many Go programs have.
func TestSRClient(t *testing.T) {
	r := start(t, brokertest.New(t))
	cl, err := sr.NewClient(sr.URLs("http://"+r.r.Addr()), sr.HTTPClient(transport))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	inner, err := cl.CreateSchema(ctx, "inner", sr.Schema{Schema: `{"type":"record","name":"Inner","fields":[{"name":"a","type":"int"}]}`})
	if err != nil {
		t.Fatal(err)
	}
	outer, err := cl.CreateSchema(ctx, "outer", sr.Schema{Schema: `{"type":"record","name":"Outer","fields":[{"name":"i","type":"Inner"}]}`,
		References: []sr.SchemaReference{{Name: "Inner", Subject: "inner", Version: inner.Version}}})
	if err != nil || outer.ID != 2 || outer.Version != 1 || len(outer.References) != 1 || outer.GUID == "" {
		t.Errorf("outer %+v, %v", outer, err)
	}
	if by, err := cl.SchemaReferences(ctx, "inner", 1); err != nil || len(by) != 1 || by[0].Subject != "outer" {
		t.Errorf("references %+v, %v", by, err)
	}
	if s, err := cl.SchemaByID(ctx, outer.ID); err != nil || s.Schema != outer.Schema.Schema {
		t.Errorf("by id %+v, %v", s, err)
	}
	if s, err := cl.LookupSchema(ctx, "outer", outer.Schema); err != nil || s.Version != 1 {
		t.Errorf("look-up %+v, %v", s, err)
	}
	if c, err := cl.CheckCompatibility(sr.WithParams(ctx, sr.Verbose), "inner", -1, sr.Schema{Schema: `"int"`}); err != nil || c.Is || len(c.Messages) == 0 {
		t.Errorf("compatibility %+v, %v", c, err)
	}
	if _, err := cl.CreateSchema(ctx, "inner", sr.Schema{Schema: `"int"`}); codeOf(err) != 409 {
		t.Errorf("incompatible: %v", err)
	}
	if _, err := cl.DeleteSubject(ctx, "inner", sr.SoftDelete); codeOf(err) != 42206 {
		t.Errorf("delete what is referred to: %v", err)
	}
	if got := cl.SetCompatibility(ctx, sr.SetCompatibility{Level: sr.CompatNone}, "inner"); got[0].Err != nil || got[0].Level != sr.CompatNone {
		t.Errorf("set level %+v", got)
	}
	if got := cl.Compatibility(ctx, "inner", ""); got[0].Level != sr.CompatNone || got[1].Level != sr.CompatBackward {
		t.Errorf("levels %+v", got)
	}
	if got := cl.ResetCompatibility(ctx, "inner"); got[0].Err != nil || got[0].Level != sr.CompatNone {
		t.Errorf("reset level %+v", got)
	}
	if got := cl.SetMode(sr.WithParams(ctx, sr.Force), sr.ModeImport, "new"); got[0].Err != nil {
		t.Errorf("set mode %+v", got)
	}
	if id, err := cl.RegisterSchema(ctx, "new", sr.Schema{Schema: `"double"`}, 40, 3); err != nil || id != 40 {
		t.Errorf("import: id %d, %v", id, err)
	}
	if got := cl.ResetMode(ctx, "new"); got[0].Err != nil || got[0].Mode != sr.ModeImport {
		t.Errorf("reset mode %+v", got)
	}
	if got, err := cl.DeleteSubject(ctx, "outer", sr.SoftDelete); err != nil || len(got) != 1 {
		t.Errorf("delete %v, %v", got, err)
	}
	if got, err := cl.DeleteSubject(ctx, "outer", sr.HardDelete); err != nil || len(got) != 1 {
		t.Errorf("delete for good %v, %v", got, err)
	}
	if got, err := cl.Subjects(sr.WithParams(ctx, sr.ShowDeleted)); err != nil || !cmp.Equal(got, []string{"inner", "new"}) {
		t.Errorf("subjects %v, %v", got, err)
	}
}

func codeOf(err error) int {
	if e, ok := errors.AsType[*sr.ResponseError](err); ok {
		return e.ErrorCode
	}
	return 0
}
