//go:build slow

package pgtest

import (
	"testing"
)

func TestMain(m *testing.M) { Main(m, LogicalWAL()) }

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	a, b := NewDatabase(t), NewDatabase(t)
	a.Exec(t, "CREATE TABLE only_here(i int); INSERT INTO only_here VALUES (7), (NULL)")
	if got := a.Query(t, "SELECT i, 'x' FROM only_here ORDER BY i"); len(got) != 2 || got[0] != "7|x" || got[1] != "NULL|x" {
		t.Errorf("%q", got)
	}
	if got := b.Query(t, "SELECT count(*) FROM pg_class WHERE relname = 'only_here'"); got[0] != "0" {
		t.Errorf("the other database sees the table: %q", got)
	}
	if got := a.Query(t, "SHOW wal_level"); got[0] != "logical" {
		t.Errorf("wal_level is %s", got[0])
	}
	if a.Version < 10 {
		t.Errorf("version %d", a.Version)
	}
}
