package protoschema

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Difference is one reason why bytes of the writer do not mean the same to the reader. Type is the name that
// Confluent's registry gives it; Path leads to the message, oneof or field, fields by their number.
type Difference struct{ Type, Path string }

// String is the form of the registry's messages. It calls the reader the new schema and the writer the old one, as the
// direction BACKWARD has them.
func (d Difference) String() string {
	return fmt.Sprintf("{errorType:%q, description:%q}", d.Type, fmt.Sprintf(descriptions[d.Type], d.Path))
}

var descriptions = map[string]string{
	"MESSAGE_REMOVED":                "The new schema is missing a MESSAGE type at path '%s' in the old schema",
	"FIELD_KIND_CHANGED":             "The type of a field at path '%s' in the new schema does not match the type in the old schema",
	"FIELD_SCALAR_KIND_CHANGED":      "The kind of a SCALAR field at path '%s' in the new schema does not match its kind in the old schema",
	"FIELD_NAMED_TYPE_CHANGED":       "The type of a MESSAGE field at path '%s' in the new schema does not match its type in the old schema",
	"FIELD_NUMERIC_LABEL_CHANGED":    "The label of a numeric field at path '%s' in the new schema does not match its label in the old schema",
	"REQUIRED_FIELD_ADDED":           "A required field at path '%s' in the new schema is missing in the old schema",
	"REQUIRED_FIELD_REMOVED":         "The new schema is missing a required field at path '%s' in the old schema",
	"ONEOF_FIELD_REMOVED":            "The new schema is missing a field of a ONEOF at path '%s' in the old schema",
	"FIELD_MOVED_TO_EXISTING_ONEOF":  "A field at path '%s' in the new schema was moved to a ONEOF that the old schema has already",
	"MULTIPLE_FIELDS_MOVED_TO_ONEOF": "Several fields of the old schema were moved to the ONEOF at path '%s' in the new schema",
}

// Incompatibilities says why data written with writer cannot be read with reader; empty: it can. Only the wire counts:
// names of fields, packages and enum constants may change.
func Incompatibilities(reader, writer *Schema) []string {
	var out []string
	for _, d := range Differences(reader, writer) {
		out = append(out, d.String())
	}
	return out
}

// Differences is Incompatibilities before it is text.
func Differences(reader, writer *Schema) []Difference {
	d := &differ{reader: reader.file, writer: writer.file, seen: map[[2]protoreflect.FullName]bool{}}
	d.messages(reader.file.Messages(), writer.file.Messages(), "#/")
	return d.out
}

type differ struct {
	reader, writer protoreflect.FileDescriptor
	seen           map[[2]protoreflect.FullName]bool
	out            []Difference
}

func (d *differ) add(kind, path string) { d.out = append(d.out, Difference{kind, path}) }

func (d *differ) messages(r, w protoreflect.MessageDescriptors, path string) {
	known := make(map[protoreflect.Name]protoreflect.MessageDescriptor, r.Len())
	for i := range r.Len() {
		if m := r.Get(i); !m.IsMapEntry() {
			known[m.Name()] = m
		}
	}
	for i := range w.Len() {
		wm := w.Get(i)
		if wm.IsMapEntry() {
			continue
		}
		at := join(path, string(wm.Name()))
		rm := known[wm.Name()]
		if rm == nil {
			d.add("MESSAGE_REMOVED", at)
			continue
		}
		d.message(rm, wm, at)
	}
}

func join(path, name string) string {
	if path == "#/" {
		return path + name
	}
	return path + "/" + name
}

func (d *differ) message(r, w protoreflect.MessageDescriptor, path string) {
	pair := [2]protoreflect.FullName{r.FullName(), w.FullName()}
	if d.seen[pair] {
		return
	}
	d.seen[pair] = true
	writer := byNumber(w)
	d.fields(r, w, byNumber(r), writer, path)
	d.oneofs(r, writer, path)
	d.messages(r.Messages(), w.Messages(), path)
}

// fields finds the fields of a message by their numbers; the descriptors themselves look through all of them.
type fields map[protoreflect.FieldNumber]protoreflect.FieldDescriptor

func byNumber(m protoreflect.MessageDescriptor) fields {
	out := make(fields, m.Fields().Len())
	for i := range m.Fields().Len() {
		out[m.Fields().Get(i).Number()] = m.Fields().Get(i)
	}
	return out
}

func (d *differ) fields(r, w protoreflect.MessageDescriptor, reader, writer fields, path string) {
	for i := range w.Fields().Len() {
		wf := w.Fields().Get(i)
		at := join(path, strconv.Itoa(int(wf.Number())))
		rf := reader[wf.Number()]
		switch {
		case rf != nil:
			d.field(rf, wf, at)
		case oneof(wf) != nil:
			d.add("ONEOF_FIELD_REMOVED", join(join(path, string(oneof(wf).Name())), strconv.Itoa(int(wf.Number()))))
		case wf.Cardinality() == protoreflect.Required:
			d.add("REQUIRED_FIELD_REMOVED", at)
		}
	}
	for i := range r.Fields().Len() {
		rf := r.Fields().Get(i)
		if writer[rf.Number()] == nil && rf.Cardinality() == protoreflect.Required {
			d.add("REQUIRED_FIELD_ADDED", join(path, strconv.Itoa(int(rf.Number()))))
		}
	}
}

// oneof returns the oneof that a field is in; the one of a proto3 optional field is none.
func oneof(f protoreflect.FieldDescriptor) protoreflect.OneofDescriptor {
	if o := f.ContainingOneof(); o != nil && !o.IsSynthetic() {
		return o
	}
	return nil
}

// oneofs finds fields that come together in a oneof: of what was set beside each other, only the last would be read.
func (d *differ) oneofs(r protoreflect.MessageDescriptor, writer fields, path string) {
	for i := range r.Oneofs().Len() {
		o := r.Oneofs().Get(i)
		if o.IsSynthetic() {
			continue
		}
		moved, stayed := 0, false
		var last protoreflect.FieldDescriptor
		for j := range o.Fields().Len() {
			wf := writer[o.Fields().Get(j).Number()]
			switch {
			case wf == nil:
			case oneof(wf) == nil:
				moved++
				last = wf
			default:
				stayed = true
			}
		}
		switch at := join(path, string(o.Name())); {
		case moved > 1:
			d.add("MULTIPLE_FIELDS_MOVED_TO_ONEOF", at)
		case moved == 1 && stayed:
			d.add("FIELD_MOVED_TO_EXISTING_ONEOF", join(at, strconv.Itoa(int(last.Number()))))
		}
	}
}

func (d *differ) field(r, w protoreflect.FieldDescriptor, path string) {
	rk, wk := kindOf(r), kindOf(w)
	if (rk == kindMessage || wk == kindMessage || rk == kindGroup || wk == kindGroup) && rk != wk {
		d.add("FIELD_KIND_CHANGED", path)
		return
	}
	if r.IsMap() != w.IsMap() {
		d.add("FIELD_KIND_CHANGED", path)
		return
	}
	if r.IsMap() {
		d.field(r.MapKey(), w.MapKey(), path)
		d.field(r.MapValue(), w.MapValue(), path)
		return
	}
	if rk == kindMessage || rk == kindGroup {
		d.named(r.Message(), w.Message(), path)
		return
	}
	if rk != wk {
		d.add("FIELD_SCALAR_KIND_CHANGED", path)
	}
	if r.IsList() != w.IsList() && rk != kindBytes && wk != kindBytes {
		d.add("FIELD_NUMERIC_LABEL_CHANGED", path)
	}
}

// named compares the messages that fields have for type: they have one name within their packages, and those that the
// comparison of the files does not come to are compared here.
func (d *differ) named(r, w protoreflect.MessageDescriptor, path string) {
	if d.local(r) != d.local(w) {
		d.add("FIELD_NAMED_TYPE_CHANGED", path)
		return
	}
	if r.ParentFile() != d.reader || w.ParentFile() != d.writer {
		d.message(r, w, path)
	}
}

// local is the name of a message within its package when that is the schema's own, else its full name.
func (d *differ) local(m protoreflect.MessageDescriptor) string {
	name, file := string(m.FullName()), m.ParentFile()
	if file != d.reader && file != d.writer {
		return name
	}
	return strings.TrimPrefix(strings.TrimPrefix(name, string(file.Package())), ".")
}

// kind is a group of types that read each other's bytes.
type kind int

const (
	kindVarint kind = iota
	kindZigzag
	kindBytes
	kindFixed32
	kindFixed64
	kindFloat
	kindDouble
	kindMessage
	kindGroup
)

func kindOf(f protoreflect.FieldDescriptor) kind {
	switch f.Kind() {
	case protoreflect.Sint32Kind, protoreflect.Sint64Kind:
		return kindZigzag
	case protoreflect.StringKind, protoreflect.BytesKind:
		return kindBytes
	case protoreflect.Fixed32Kind, protoreflect.Sfixed32Kind:
		return kindFixed32
	case protoreflect.Fixed64Kind, protoreflect.Sfixed64Kind:
		return kindFixed64
	case protoreflect.FloatKind:
		return kindFloat
	case protoreflect.DoubleKind:
		return kindDouble
	case protoreflect.MessageKind:
		return kindMessage
	case protoreflect.GroupKind:
		return kindGroup
	}
	return kindVarint // int32, uint32, int64, uint64, bool, enum
}
