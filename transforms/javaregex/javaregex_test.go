package javaregex

import "testing"

func TestWhatDiffersIsRefused(t *testing.T) {
	for expr, ok := range map[string]bool{
		`(a|b)+\.c`: true, `[a-z&]`: true, `[\[a]`: true, `[]a]`: true, `\Q[[\E`: true, `(?i)a`: true, `(?<n>a)`: true, `[^]]`: true, `(?:U)`: true,
		`[a&&b]`: false, `[a[b]]`: false, `[[:alpha:]]`: false, `(?=a)`: false, `(a)\1`: false, `a*+`: false, `a++`: false, `(?U)a`: false, `(?P<n>a)`: false, `\v`: false, `(?!a)b`: false, `(?>a)`: false,
	} {
		if _, err := Compile(expr); (err == nil) != ok {
			t.Errorf("%s: %v", expr, err)
		}
	}
}

func TestReplacementsAreJavas(t *testing.T) {
	for _, tc := range []struct{ expr, s, with, want string }{
		{`(t)(.*)`, "topic", "$10-$2", "t0-opic"},
		{`o`, "foo", "0", "f0o"},
		{`x`, "foo", "0", "foo"},
		{`(?<a>f)(x)?`, "foo", `${a}$2\$\\`, `f$\oo`},
		{`f`, "foo", "$", "!Illegal group reference: group index is missing"},
		{`f`, "foo", "$x", "!Illegal group reference"},
		{`f`, "foo", "$1", "!No group 1"},
		{`f`, "foo", "${a}", "!No group with name {a}"},
		{`f`, "foo", "${a", "!named capturing group is missing trailing '}'"},
		{`f`, "foo", `\`, "!character to be escaped is missing"},
	} {
		p, err := Compile(tc.expr)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.ReplaceFirst(tc.s, tc.with)
		if err != nil {
			got = "!" + err.Error()
		}
		if got != tc.want {
			t.Errorf("%s in %s with %s: %s, want %s", tc.expr, tc.s, tc.with, got, tc.want)
		}
	}
}
