package sink

import (
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/kurier-io/kurier/connectors/postgres/ident"
	"github.com/kurier-io/kurier/plugins/connect"
	"github.com/kurier-io/kurier/plugins/data"
)

func settings(t *testing.T, kv ...string) *Settings {
	t.Helper()
	p := connect.Props{"connection.url": "jdbc:postgresql://h/d"}
	for i := 0; i < len(kv); i += 2 {
		p[kv[i]] = kv[i+1]
	}
	s, err := parse(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var (
	opt  = func(t data.Type) *data.Schema { return data.Of(t).Optional().MustBuild() }
	wide = data.StructOf().Field("name", opt(data.String)).Field("id", data.Of(data.Int32).MustBuild()).Field("j", opt(data.String)).
		Field("at", data.TimestampOf().Optional().MustBuild()).Field("n", data.DecimalOf(2).Optional().MustBuild()).
		Field("d", data.Of(data.String).Default(data.StringValue("it's")).MustBuild()).
		Field("tags", data.ArrayOf(data.Of(data.String).MustBuild()).Optional().MustBuild()).MustBuild()
	wideTarget = &target{ident.Table{Schema: "public", Name: "t"}, []targetColumn{
		{"id", "pg_catalog", "int4", 'N'}, {"name", "pg_catalog", "varchar", 'S'}, {"j", "pg_catalog", "jsonb", 'U'}, {"at", "pg_catalog", "timestamptz", 'D'},
		{"n", "pg_catalog", "numeric", 'N'}, {"d", "public", "mood", 'E'}, {"tags", "pg_catalog", "_text", 'A'},
	}}
)

func bound(t *testing.T, s *Settings, key, value *data.Schema) statements {
	t.Helper()
	l, err := s.newLayout(ident.Table{Name: "t"}, key, value)
	if err != nil {
		t.Fatal(err)
	}
	l.target = wideTarget
	for i := range l.columns {
		l.columns[i].target = wideTarget.find(l.columns[i].name)
		l.columns[i].bind = s.bindColumn(&l.columns[i])
	}
	return statements{l, s.quoting()}
}

func TestStatements(t *testing.T) {
	s := settings(t, "pk.mode", "record_value", "pk.fields", "id")
	st := bound(t, s, nil, wide)
	const from = `FROM UNNEST($1::int4[],$2::text[],$3::text[],$4::timestamptz[],$5::numeric[],$6::text[],$7::text[]) AS u(c1,c2,c3,c4,c5,c6,c7)`
	insert := `INSERT INTO "public"."t" ("id","name","j","at","n","d","tags") SELECT u.c1,u.c2,u.c3::"pg_catalog"."jsonb",u.c4,u.c5,u.c6::"public"."mood",u.c7::"pg_catalog"."_text" ` + from
	for got, want := range map[string]string{
		st.insert(): insert,
		st.upsert(): insert + ` ON CONFLICT ("id") DO UPDATE SET "name"=EXCLUDED."name","j"=EXCLUDED."j","at"=EXCLUDED."at","n"=EXCLUDED."n","d"=EXCLUDED."d","tags"=EXCLUDED."tags"`,
		st.update(): `UPDATE "public"."t" AS t SET "name" = u.c2,"j" = u.c3::"pg_catalog"."jsonb","at" = u.c4,"n" = u.c5,"d" = u.c6::"public"."mood","tags" = u.c7::"pg_catalog"."_text" ` +
			from + ` WHERE t."id" = u.c1`,
		st.delete(): `DELETE FROM "public"."t" AS t USING UNNEST($1::int4[]) AS u(c1) WHERE t."id" = u.c1`,
		s.createTable(st.layout, wide): `CREATE TABLE "t" (
"name" TEXT NULL,
"id" INT NOT NULL,
"j" TEXT NULL,
"at" TIMESTAMP NULL,
"n" DECIMAL NULL,
"d" TEXT DEFAULT 'it''s',
"tags" TEXT[] NULL,
PRIMARY KEY("id"))`,
	} {
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	never := bound(t, settings(t, "pk.mode", "record_value", "pk.fields", "id", "fields.whitelist", "id", "quote.sql.identifiers", "never"), nil, wide)
	if got, want := never.upsert(), `INSERT INTO public.t (id) SELECT u.c1 FROM UNNEST($1::int4[]) AS u(c1) ON CONFLICT (id) DO NOTHING`; got != want {
		t.Error(got)
	}
	key := data.Of(data.String).MustBuild()
	byName := bound(t, settings(t, "pk.mode", "record_key", "pk.fields", "name", "delete.enabled", "true"), key, nil)
	if got, want := byName.delete(), `DELETE FROM "public"."t" AS t USING UNNEST($1::text[]) AS u(c1) WHERE t."name" = u.c1::"pg_catalog"."varchar"`; got != want {
		t.Error(got)
	}
	alter, err := s.alterTable(ident.Table{Schema: "public", Name: "t"}, []*column{{name: "x", schema: opt(data.Int64)}, {name: "y", schema: wide.Fields()[5].Schema}})
	if want := "ALTER TABLE \"public\".\"t\" ADD \"x\" BIGINT NULL,\nADD \"y\" TEXT DEFAULT 'it''s'"; err != nil || alter != want {
		t.Error(alter, err)
	}
}

func TestTableNames(t *testing.T) {
	for _, c := range []struct{ format, topic, want string }{
		{"${topic}", "orders", "orders"}, {"${topic}", "a.b", "a|b"}, {`"${topic}"`, "a.b", "a.b"}, {"app.kafka_${topic}", "x", "app|kafka_x"}, {"${topic}", "d.s.t", "s|t"},
	} {
		got, err := settings(t, "table.name.format", c.format).tableFor(c.topic, "d")
		name := got.Name
		if got.Schema != "" {
			name = got.Schema + "|" + got.Name
		}
		if err != nil || name != c.want {
			t.Errorf("%s with %s: %s %v, want %s", c.topic, c.format, name, err, c.want)
		}
	}
	if _, err := settings(t).tableFor("x.y.z", "d"); err == nil || !strings.Contains(err.Error(), "table.name.format") {
		t.Errorf("%v", err)
	}
}

func TestWrongKeySettings(t *testing.T) {
	for _, c := range []struct {
		kv  []string
		key string
	}{
		{[]string{"delete.enabled", "true", "pk.mode", "record_value"}, "delete.enabled"}, {[]string{"insert.mode", "upsert"}, "pk.mode"},
		{[]string{"pk.mode", "kafka", "pk.fields", "a,b"}, "pk.fields"}, {[]string{"table.name.format", `"open`}, "table.name.format"}, {[]string{"db.timezone", "Mars"}, "db.timezone"},
	} {
		p := connect.Props{"connection.url": "jdbc:postgresql://h/d"}
		for i := 0; i < len(c.kv); i += 2 {
			p[c.kv[i]] = c.kv[i+1]
		}
		if _, err := parse(p); err == nil || !strings.HasPrefix(err.Error(), c.key+": ") {
			t.Errorf("%v: %v", c.kv, err)
		}
	}
	for _, c := range []struct {
		kv         []string
		key, value *data.Schema
		want       string
	}{
		{[]string{"pk.mode", "record_key"}, nil, wide, "pk.mode"}, {[]string{"pk.mode", "record_key"}, opt(data.String), wide, "pk.fields"},
		{[]string{"pk.mode", "record_value", "pk.fields", "nope"}, nil, wide, `no field "nope"`},
		{nil, nil, data.StructOf().Field("inner", wide).MustBuild(), `"inner"`},
	} {
		if _, err := settings(t, c.kv...).newLayout(ident.Table{Name: "t"}, c.key, c.value); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.kv, err, c.want)
		}
	}
}

func TestDecimalsOnTheWire(t *testing.T) {
	for _, c := range []struct {
		unscaled int64
		scale    int32
		want     string
	}{
		{1020, 2, "0002000000000002000a07d0"}, {-1020, 2, "0002000040000002000a07d0"}, {0, 2, "0000000000000002"}, {12, -2, "000100000000000004b0"},
		{1, 5, "0001fffe0000000503e8"}, {20000, 0, "00010001000000000002"},
	} {
		got, err := appendDecimal(nil, data.DecimalValue(big.NewInt(c.unscaled), c.scale))
		if err != nil || hex.EncodeToString(got) != c.want {
			t.Errorf("%d scale %d: %x %v, want %s", c.unscaled, c.scale, got, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		unscaled, _ := new(big.Int).SetString(rapid.StringMatching(`-?[0-9]{1,40}`).Draw(t, "unscaled"), 10)
		scale := rapid.Int32Range(-20, 40).Draw(t, "scale")
		w, err := appendDecimal(nil, data.DecimalValue(unscaled, scale))
		if err != nil {
			t.Fatal(err)
		}
		sum, base := new(big.Rat), big.NewInt(10000)
		weight := int64(int16(binary.BigEndian.Uint16(w[2:])))
		for i := 8; i < len(w); i += 2 {
			digit := new(big.Rat).SetInt64(int64(binary.BigEndian.Uint16(w[i:])))
			power := new(big.Rat).SetInt(new(big.Int).Exp(base, big.NewInt(max(weight, -weight)), nil))
			if weight < 0 {
				power.Inv(power)
			}
			sum.Add(sum, digit.Mul(digit, power))
			weight--
		}
		if binary.BigEndian.Uint16(w[4:]) == 0x4000 {
			sum.Neg(sum)
		}
		ten := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(scale, -scale))), nil))
		want := new(big.Rat).SetInt(unscaled)
		if scale >= 0 {
			want.Quo(want, ten)
		} else {
			want.Mul(want, ten)
		}
		if sum.Cmp(want) != 0 {
			t.Fatalf("%s scale %d: %s, want %s", unscaled, scale, sum, want)
		}
	})
}
