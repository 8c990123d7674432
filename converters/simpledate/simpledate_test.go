package simpledate

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func now() time.Time { return time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC) }

func must(t testing.TB, pattern string) *Format {
	t.Helper()
	f, err := Compile(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFormats(t *testing.T) {
	for _, tc := range []struct {
		pattern string
		ms      int64
		want    string
	}{
		{"yyyy-MM-dd", -14831769600000, "1499-12-23"},
		{"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", 1566570894346, "2019-08-23T14:34:54.346Z"},
		{"yyyy-MM-dd", -12219292800000, "1582-10-15"},
		{"yyyy-MM-dd", -12219292800000 - 1, "1582-10-04"},
		{"G yy MMMM MMM M L EEEE EEE u F D w W a K h k Z z X", 1566570894346, "AD 19 August Aug 8 8 Friday Fri 5 4 235 34 4 PM 2 2 14 +0000 UTC Z"},
		{"YYYY-w", 1577750400000, "2020-1"}, // 2019-12-31
		{"y G", -62198755200000, "2 BC"},    // one year and some days before the first one
		{"h''k'o''clock'", 0, "12'24o'clock"},
		{"HH:mm:ss.SSS", -1, "23:59:59.999"},
	} {
		if got := string(must(t, tc.pattern).Append(nil, tc.ms)); got != tc.want {
			t.Errorf("%s of %d: %s, want %s", tc.pattern, tc.ms, got, tc.want)
		}
	}
}

func TestParsesLeniently(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          int64 // -1: not parsable
	}{
		{"yyyy-MM-dd", "2019-08-23", 1566518400000},
		{"yyyy-MM-dd", "2019-13-45", 1581638400000},
		{"yyyy-MM-dd", "2019-8-3garbage", 1564790400000},
		{"yyyy-MM-dd", "1499-12-23", -14831769600000},
		{"yyyy-MM", "42", -1},
		{"yyyy-MM-dd HH:mm:ss.SSSSSS", "2019-08-23 14:34:54.346789", 1566571240789},
		{"yyyyMMddHHmmss", "20190823143454", 1566570894000},
		{"yy-M-d", "19-8-23", 1566518400000},
		{"yy-M-d", "50-1-1", -631152000000},
		{"dd MMM yyyy hh:mm a", "23 august 2019 02:34 pm", 1566570840000},
		{"yyyy-MM-dd'T'HH:mm:ssXXX", "2019-08-23T14:34:54+02:00", 1566563694000},
		{"yyyy-MM-dd HH:mm Z", "2019-08-23 14:34 -0130", 1566576240000},
		{"yyyy-MM-dd z", "2019-08-23 GMT+1:00", 1566514800000},
		{"yyyy-DDD", "2019-235", 1566518400000},
		{"kk", "24", 0},
	} {
		got, ok := must(t, tc.pattern).Parse(tc.text, now)
		if ok != (tc.want != -1) || ok && got != tc.want {
			t.Errorf("%s of %q: %d %v, want %d", tc.pattern, tc.text, got, ok, tc.want)
		}
	}
}

func TestRefusesWrongPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"bad": "Illegal pattern character 'b'", "yyyy 'x": "Unterminated quote", "XXXX": "invalid ISO 8601 format: length=4",
	} {
		if _, err := Compile(pattern); err == nil || err.Error() != want {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	if err := must(t, "YYYY-ww").Readable(); err == nil {
		t.Error("week dates cannot be read")
	}
}

func TestWhatIsFormattedParsesBack(t *testing.T) {
	f := must(t, "G yyyy-MM-dd HH:mm:ss.SSS")
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(-1e14, 1e14).Draw(t, "ms")
		text := string(f.Append(nil, ms))
		if back, ok := f.Parse(text, now); !ok || back != ms {
			t.Fatalf("%d gave %s gave %d", ms, text, back)
		}
	})
}

func TestTheCalendarIsGosAfterTheCutover(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(cutover, 1<<24).Draw(t, "day")
		g, d := time.Unix(n*86400, 0).UTC(), dateOf(n)
		if int64(g.Year()) != d.year || int64(g.Month()) != d.month || int64(g.Day()) != d.day || int64(g.Weekday()) != d.dow ||
			d.year > 1582 && int64(g.YearDay()) != d.doy {
			t.Fatalf("%v is %+v", g, d)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ssXXX", "2019-08-23T14:34:54+02:00")
	f.Add("G yy MMM EEE a hh Z", "AD 19 Aug Fri PM 3 +0100")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if c, err := Compile(pattern); err == nil {
			if ms, ok := c.Parse(text, now); ok {
				c.Append(nil, ms)
			}
		}
	})
}

func TestBothWaysToSplitADayAgree(t *testing.T) {
	for n := int64(year1583); n < 400_000; n += 13 {
		d := dateOf(n)
		if g := gregorian(d.year, d.month, d.day); g != n {
			t.Fatalf("day %d is %d-%d-%d, which is %d", n, d.year, d.month, d.day, g)
		}
		if doy := n - gregorian(d.year, 1, 1) + 1; doy != d.doy || d.day < 1 || d.day > 31 {
			t.Fatalf("day %d is day %d of its year, want %d", n, d.doy, doy)
		}
	}
	if d := dateOf(year1583); d.year != 1583 || d.doy != 1 || dateOf(year1583-1).year != 1582 {
		t.Errorf("1583 begins at %+v", d)
	}
}
