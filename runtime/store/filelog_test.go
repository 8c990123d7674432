package store

import (
	"os"
	"path/filepath"
	"testing"
)

func openOffsets(t *testing.T, path string) *Offsets {
	t.Helper()
	o := NewOffsets(NewFileLog(path), nil)
	if err := o.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestFileLogSurvivesRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offsets")
	p, q := map[string]any{"file": "a\nb"}, map[string]any{"file": "c"}
	o := openOffsets(t, path)
	if err := o.Set(t.Context(), "s", OffsetEntry{p, map[string]any{"pos": 1}}, OffsetEntry{q, map[string]any{"pos": 2}}); err != nil {
		t.Fatal(err)
	}
	if err := o.Set(t.Context(), "s", OffsetEntry{p, map[string]any{"pos": 3}}, OffsetEntry{q, nil}); err != nil {
		t.Fatal(err)
	}
	got, err := openOffsets(t, path).Get(t.Context(), "s", p, q)
	if err != nil || got[0]["pos"] != int64(3) || got[1] != nil {
		t.Fatalf("got %v, %v", got, err)
	}
	raw, err := os.ReadFile(path)
	if want := `{"key":["s",{"file":"a\nb"}],"value":{"pos":3}}` + "\n"; err != nil || string(raw) != want {
		t.Errorf("file %q, %v", raw, err)
	}
	left, err := filepath.Glob(path + "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files left: %v, %v", left, err)
	}
}

func TestFileLogKeepsForeignFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "offsets")
	if err := os.WriteFile(path, []byte("\xac\xed\x00\x05sr"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := NewFileLog(path).Start(t.Context(), func(Record) {}); err == nil {
		t.Error("accepted a serialized HashMap")
	}
}
