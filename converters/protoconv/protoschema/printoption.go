package protoschema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bufbuild/protocompile/ast"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// option is name = value.
type option struct{ name, value string }

func (o option) String() string { return o.name + " = " + o.value }

// bracketed prints the options of a field: one inside the line, several on lines of their own.
func bracketed(options []option) string {
	switch len(options) {
	case 0:
		return ""
	case 1:
		return " [" + options[0].String() + "]"
	}
	lines := make([]string, len(options))
	for i, o := range options {
		lines[i] = indented(o.String())
	}
	return " [\n" + strings.Join(lines, ",\n") + "\n]"
}

func indented(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

// options returns what an options message has: as written, or as it was serialized.
func (src *source) options(m proto.Message) []option {
	if m == nil || !m.ProtoReflect().IsValid() {
		return nil
	}
	var out []option
	if src.ast != nil {
		list := m.ProtoReflect().Get(m.ProtoReflect().Descriptor().Fields().ByName("uninterpreted_option")).List()
		for i := range list.Len() {
			if o, ok := list.Get(i).Message().Interface().(*descriptorpb.UninterpretedOption); ok {
				out = append(out, src.written(o))
			}
		}
	} else {
		out = serializedOptions(m.ProtoReflect())
	}
	if src.sort {
		slices.SortStableFunc(out, func(a, b option) int { return strings.Compare(a.String(), b.String()) })
	}
	return out
}

// fieldOptions are the options of a field, and default and json_name, which the descriptor keeps elsewhere.
func (src *source) fieldOptions(f *descriptorpb.FieldDescriptorProto) []option {
	out := src.options(f.GetOptions())
	if src.ast != nil {
		return out
	}
	if f.DefaultValue != nil {
		v := f.GetDefaultValue()
		switch f.GetType() {
		case descriptorpb.FieldDescriptorProto_TYPE_STRING:
			v = quote(v)
		case descriptorpb.FieldDescriptorProto_TYPE_BYTES:
			v = `"` + v + `"` // it is kept escaped
		}
		out = append(out, option{"default", v})
	}
	if f.JsonName != nil && f.GetJsonName() != jsonName(f.GetName()) {
		out = append(out, option{"json_name", quote(f.GetJsonName())})
	}
	return out
}

// jsonName is the name that a field has in JSON when it is not given one.
func jsonName(name string) string {
	var b strings.Builder
	up := false
	for _, r := range name {
		switch {
		case r == '_':
			up = true
			continue
		case up && r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		}
		up = false
		b.WriteRune(r)
	}
	return b.String()
}

func (src *source) written(o *descriptorpb.UninterpretedOption) option {
	var name []string
	for _, part := range o.Name {
		if part.GetIsExtension() {
			name = append(name, "("+part.GetNamePart()+")")
		} else {
			name = append(name, part.GetNamePart())
		}
	}
	value := ""
	if node, ok := src.ast.OptionNode(o).(*ast.OptionNode); ok {
		value = src.value(node.Val)
	}
	return option{strings.Join(name, "."), value}
}

// value prints a value as Wire does, whatever the text between its tokens was.
func (src *source) value(node ast.ValueNode) string {
	switch n := node.(type) {
	case ast.StringValueNode:
		return quote(n.AsString())
	case *ast.MessageLiteralNode:
		members := make([]string, len(n.Elements))
		for i, e := range n.Elements {
			members[i] = e.Name.Value() + ": " + src.value(e.Val)
		}
		return enclosed("{", members, "}")
	case *ast.ArrayLiteralNode:
		elements := make([]string, len(n.Elements))
		for i, e := range n.Elements {
			elements[i] = src.value(e)
		}
		return enclosed("[", elements, "]")
	}
	return src.tokens(node)
}

func enclosed(open string, parts []string, end string) string {
	if len(parts) == 0 {
		return open + end
	}
	for i, p := range parts {
		parts[i] = indented(p)
	}
	return open + "\n" + strings.Join(parts, ",\n") + "\n" + end
}

func (src *source) tokens(node ast.Node) string {
	if c, ok := node.(ast.CompositeNode); ok {
		var b strings.Builder
		for _, child := range c.Children() {
			b.WriteString(src.tokens(child))
		}
		return b.String()
	}
	return src.ast.AST().NodeInfo(node).RawText()
}

// serializedOptions reads options back from a message, in the order of their numbers.
func serializedOptions(m protoreflect.Message) []option {
	var out []option
	for _, fd := range present(m) {
		name := string(fd.Name())
		switch {
		case name == "map_entry" || name == "uninterpreted_option":
			continue
		case fd.IsExtension():
			name = "(" + string(fd.FullName()) + ")"
		}
		v := m.Get(fd)
		if fd.IsList() {
			for i := range v.List().Len() {
				out = append(out, option{name, reflected(fd, v.List().Get(i))})
			}
			continue
		}
		out = append(out, option{name, reflected(fd, v)})
	}
	return out
}

func present(m protoreflect.Message) []protoreflect.FieldDescriptor {
	var fields []protoreflect.FieldDescriptor
	m.Range(func(fd protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		fields = append(fields, fd)
		return true
	})
	slices.SortFunc(fields, func(a, b protoreflect.FieldDescriptor) int { return int(a.Number()) - int(b.Number()) })
	return fields
}

// reflected prints one value of a field.
func reflected(fd protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch fd.Kind() {
	case protoreflect.StringKind:
		return quote(v.String())
	case protoreflect.BytesKind:
		return quote(string(v.Bytes()))
	case protoreflect.EnumKind:
		if ev := fd.Enum().Values().ByNumber(v.Enum()); ev != nil {
			return string(ev.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case protoreflect.MessageKind, protoreflect.GroupKind:
		return enclosed("{", members(v.Message()), "}")
	case protoreflect.DoubleKind:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case protoreflect.FloatKind:
		return strconv.FormatFloat(v.Float(), 'g', -1, 32)
	}
	return v.String()
}

func members(m protoreflect.Message) []string {
	var out []string
	for _, fd := range present(m) {
		name := string(fd.Name())
		if fd.IsExtension() {
			name = "[" + string(fd.FullName()) + "]"
		}
		v := m.Get(fd)
		switch {
		case fd.IsList():
			var elements []string
			for i := range v.List().Len() {
				elements = append(elements, reflected(fd, v.List().Get(i)))
			}
			out = append(out, name+": "+enclosed("[", elements, "]"))
		case fd.IsMap():
			var entries []string
			v.Map().Range(func(k protoreflect.MapKey, e protoreflect.Value) bool {
				entries = append(entries, enclosed("{", []string{"key: " + reflected(fd.MapKey(), k.Value()), "value: " + reflected(fd.MapValue(), e)}, "}"))
				return true
			})
			slices.Sort(entries)
			out = append(out, name+": "+enclosed("[", entries, "]"))
		default:
			out = append(out, name+": "+reflected(fd, v))
		}
	}
	return out
}

// quote prints a string literal; bytes that are no printable ASCII and no valid UTF-8 become octal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\%03o`, s[i])
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
