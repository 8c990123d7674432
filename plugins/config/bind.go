package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Of returns the definition that C's tags declare. C is fixed in the program text, so a wrong tag is a programmer's mistake and panics.
func Of[C any]() *Def {
	d := &Def{}
	orders := map[string]int{}
	eachField(reflect.TypeFor[C](), func(f reflect.StructField, _ []int) {
		k := keyOf(f)
		if k.Group != "" {
			orders[k.Group]++
			k.Order = orders[k.Group]
		}
		d.Keys = append(d.Keys, k)
	})
	return d
}

// Parse validates props against C's tags and returns the typed settings. The error is an [*Error] with every problem.
func Parse[C any](props map[string]string) (C, error) {
	return ParseWith[C](Of[C](), props)
}

// ParseWith is Parse against a definition made by [Of] and then refined (checks, defaults).
func ParseWith[C any](d *Def, props map[string]string) (C, error) {
	var c C
	if e := Problems(d.Validate(props)); e != nil {
		return c, e
	}
	v := reflect.ValueOf(&c).Elem()
	eachField(v.Type(), func(f reflect.StructField, index []int) {
		k, _ := d.Key(keyOf(f).Name)
		raw, set := props[k.Name]
		if !set {
			if k.Default == nil {
				return
			}
			raw = *k.Default
		}
		text, _ := k.normalize(raw)
		assign(v.FieldByIndex(index), text)
	})
	return c, nil
}

func eachField(t reflect.Type, do func(reflect.StructField, []int)) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			eachField(f.Type, func(g reflect.StructField, index []int) { do(g, append([]int{i}, index...)) })
			continue
		}
		if f.Tag.Get("config") != "" {
			do(f, []int{i})
		}
	}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	passwordType = reflect.TypeFor[Password]()
	stringsType  = reflect.TypeFor[[]string]()
)

func keyOf(f reflect.StructField) Key {
	name, opts, _ := strings.Cut(f.Tag.Get("config"), ",")
	k := Key{
		Name: name, Type: typeOf(f), Importance: strings.ToUpper(tagOr(f, "importance", "medium")), Doc: f.Tag.Get("doc"),
		Group: f.Tag.Get("group"), Width: strings.ToUpper(f.Tag.Get("width")), DisplayName: f.Tag.Get("label"),
	}
	for opt := range strings.SplitSeq(opts, ",") {
		switch opt {
		case "":
		case "required":
			k.Required = true
		case "secret":
			k.Type = PasswordType
		case "class":
			k.Type = ClassType
		case "internal":
			k.Internal = true
		default:
			panic(fmt.Sprintf("config: field %s: unknown option %q", f.Name, opt))
		}
	}
	if def, ok := f.Tag.Lookup("default"); ok {
		k.Default = &def
	}
	if e, ok := f.Tag.Lookup("enum"); ok {
		k.Enum = strings.Split(e, "|")
	}
	k.EnumFold = f.Tag.Get("fold") == "true"
	k.NonEmpty = f.Tag.Get("nonempty") == "true"
	k.Min, k.Max = boundOf(f, "min"), boundOf(f, "max")
	k.Dependents = SplitList(f.Tag.Get("dependents"))
	return k
}

func tagOr(f reflect.StructField, tag, otherwise string) string {
	if v, ok := f.Tag.Lookup(tag); ok {
		return v
	}
	return otherwise
}

func boundOf(f reflect.StructField, tag string) *int64 {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("config: field %s: %s: %v", f.Name, tag, err))
	}
	return &n
}

func typeOf(f reflect.StructField) Type {
	switch f.Type {
	case durationType:
		return LongType
	case passwordType:
		return PasswordType
	case stringsType:
		return ListType
	}
	switch f.Type.Kind() {
	case reflect.String:
		return StringType
	case reflect.Bool:
		return BooleanType
	case reflect.Int, reflect.Int32:
		return IntType
	case reflect.Int16:
		return ShortType
	case reflect.Int64:
		return LongType
	case reflect.Float64:
		return DoubleType
	}
	panic(fmt.Sprintf("config: field %s: type %s cannot hold a setting", f.Name, f.Type))
}

// assign sets a field from text that validation has accepted.
func assign(v reflect.Value, text string) {
	switch {
	case v.Type() == durationType:
		ms, _ := strconv.ParseInt(text, 10, 64)
		v.SetInt(ms * int64(time.Millisecond))
	case v.Type() == stringsType:
		v.Set(reflect.ValueOf(SplitList(text)))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		v.SetBool(text == "true")
	case v.Kind() == reflect.Float64:
		x, _ := strconv.ParseFloat(text, 64)
		v.SetFloat(x)
	default:
		n, _ := strconv.ParseInt(text, 10, 64)
		v.SetInt(n)
	}
}
