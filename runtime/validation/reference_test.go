package validation

import "testing"

func TestReferencesToConfigurationProvidersAreNotTakenForValues(t *testing.T) {
	for text, want := range map[string]bool{
		"${file:/etc/secrets:password}": true, "${env:PGPASSWORD}": true, " ${vault:a/b} ": true,
		"${topic}": false, "$1": false, "kafka_${topic}": false, "a${file:x}": false, "": false,
	} {
		r := newResult()
		references(r, map[string]string{"k": text})
		if got := r.infos("c").ErrorCount == 1; got != want {
			t.Errorf("%q: refused %v, want %v", text, got, want)
		}
	}
}
