package protoschema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// The layout is that of Square Wire's printer, which Confluent's registry uses, without its header and comments.

// printer writes lines with their indentation.
type printer struct {
	strings.Builder
	src    *source
	indent int
}

func (src *source) print() string {
	p := &printer{src: src}
	p.file(src.fdp)
	return p.String()
}

// line writes a line, or several.
func (p *printer) line(format string, args ...any) {
	for l := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		for range p.indent {
			p.WriteString("  ")
		}
		p.WriteString(l)
		p.WriteByte('\n')
	}
}

// block writes head { body }; a block without body is one line.
func (p *printer) block(head string, body func(*printer)) {
	inner := &printer{src: p.src, indent: p.indent + 1}
	body(inner)
	if inner.Len() == 0 {
		p.line("%s {}", head)
		return
	}
	p.line("%s {", head)
	p.WriteString(inner.String())
	p.line("}")
}

// gap separates groups of declarations, but not the first from what is before.
func (p *printer) gap() {
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
}

func (p *printer) file(f *descriptorpb.FileDescriptorProto) {
	switch {
	case f.GetSyntax() == "editions":
		p.line("edition = \"%s\";", strings.TrimPrefix(f.GetEdition().String(), "EDITION_"))
	case f.GetSyntax() != "":
		p.line("syntax = %q;", f.GetSyntax())
	case p.src.ast != nil && p.src.ast.AST().Syntax != nil:
		p.line("syntax = \"proto2\";")
	}
	if f.GetPackage() != "" {
		p.line("package %s;", f.GetPackage())
	}
	p.imports(f)
	p.declarations(p.src.options(f.GetOptions()))
	var types []positioned
	for _, m := range f.MessageType {
		types = append(types, p.at(m, func() { p.gap(); p.message(m) }))
	}
	for _, e := range f.EnumType {
		types = append(types, p.at(e, func() { p.gap(); p.enum(e) }))
	}
	inOrder(types)
	p.extensions(f.Extension, named(f.MessageType))
	for _, s := range f.Service {
		p.gap()
		p.service(s)
	}
}

func (p *printer) imports(f *descriptorpb.FileDescriptorProto) {
	if len(f.Dependency) > 0 {
		p.gap()
	}
	words := make([]string, len(f.Dependency))
	for _, i := range f.PublicDependency {
		words[i] = "public "
	}
	for _, i := range f.WeakDependency {
		words[i] = "weak "
	}
	for _, word := range []string{"", "public ", "weak "} {
		for i, d := range f.Dependency {
			if words[i] == word {
				p.line("import %s%s;", word, quote(d))
			}
		}
	}
}

func (p *printer) declarations(options []option) {
	if len(options) > 0 {
		p.gap()
	}
	for _, o := range options {
		p.line("option %s;", o)
	}
}

// positioned is a declaration that is printed where it was written.
type positioned struct {
	offset int
	print  func()
}

func (p *printer) at(m proto.Message, print func()) positioned {
	if p.src.ast == nil {
		return positioned{print: print}
	}
	return positioned{p.src.ast.AST().NodeInfo(p.src.ast.Node(m)).Start().Offset, print}
}

func inOrder(types []positioned) {
	slices.SortStableFunc(types, func(a, b positioned) int { return a.offset - b.offset })
	for _, t := range types {
		t.print()
	}
}

func (p *printer) message(m *descriptorpb.DescriptorProto) {
	p.block("message "+m.GetName(), func(p *printer) { p.body(m) })
}

func (p *printer) body(m *descriptorpb.DescriptorProto) {
	p.reserved(m.ReservedName, ranges(m.ReservedRange))
	p.declarations(p.src.options(m.GetOptions()))
	nested, groups := byName(m)
	var plain []*descriptorpb.FieldDescriptorProto
	oneofs := make([][]*descriptorpb.FieldDescriptorProto, len(m.OneofDecl))
	for _, f := range m.Field {
		if i := int(f.GetOneofIndex()); f.OneofIndex != nil && !f.GetProto3Optional() && i >= 0 && i < len(oneofs) {
			oneofs[i] = append(oneofs[i], f)
		} else {
			plain = append(plain, f)
		}
	}
	if len(plain) > 0 {
		p.gap()
	}
	for _, f := range plain {
		p.field(f, nested)
	}
	for i, fields := range oneofs {
		if len(fields) == 0 {
			continue
		}
		o := m.OneofDecl[i]
		p.gap()
		p.block("oneof "+o.GetName(), func(p *printer) {
			p.declarations(p.src.options(o.GetOptions()))
			p.gap()
			for _, f := range fields {
				p.field(f, nested)
			}
		})
	}
	p.extensions(m.Extension, nested)
	if len(m.ExtensionRange) > 0 {
		p.gap()
	}
	for _, r := range m.ExtensionRange {
		p.line("extensions %s%s;", span{r.GetStart(), r.GetEnd() - 1, maxTag}, bracketed(p.src.options(r.GetOptions())))
	}
	var types []positioned
	for _, n := range m.NestedType {
		if !n.GetOptions().GetMapEntry() && !groups[n.GetName()] {
			types = append(types, p.at(n, func() { p.gap(); p.message(n) }))
		}
	}
	for _, e := range m.EnumType {
		types = append(types, p.at(e, func() { p.gap(); p.enum(e) }))
	}
	inOrder(types)
}

// messages finds the messages beside a field by their names.
type messages map[string]*descriptorpb.DescriptorProto

func named(list []*descriptorpb.DescriptorProto) messages {
	out := make(messages, len(list))
	for _, m := range list {
		out[m.GetName()] = m
	}
	return out
}

// byName returns the nested messages, and which of them are the bodies of groups.
func byName(m *descriptorpb.DescriptorProto) (nested messages, groups map[string]bool) {
	groups = map[string]bool{}
	for _, fields := range [][]*descriptorpb.FieldDescriptorProto{m.Field, m.Extension} {
		for _, f := range fields {
			if f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
				groups[lastName(f.GetTypeName())] = true
			}
		}
	}
	return named(m.NestedType), groups
}

func lastName(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// field prints a field; nested are the messages beside it, of which one may be its map entry or its group.
func (p *printer) field(f *descriptorpb.FieldDescriptorProto, nested messages) {
	options := bracketed(p.src.fieldOptions(f))
	beside := nested[lastName(f.GetTypeName())]
	if beside.GetOptions().GetMapEntry() && len(beside.Field) == 2 {
		e := beside.Field
		p.line("map<%s, %s> %s = %d%s;", typeName(e[0]), typeName(e[1]), f.GetName(), f.GetNumber(), options)
		return
	}
	if beside != nil && f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_GROUP {
		p.block(fmt.Sprintf("%sgroup %s = %d%s", p.label(f), beside.GetName(), f.GetNumber(), options), func(p *printer) { p.body(beside) })
		return
	}
	p.line("%s%s %s = %d%s;", p.label(f), typeName(f), f.GetName(), f.GetNumber(), options)
}

func (p *printer) label(f *descriptorpb.FieldDescriptorProto) string {
	switch label := f.GetLabel(); {
	case f.GetProto3Optional():
		return "optional "
	case f.OneofIndex != nil:
		return ""
	case label == descriptorpb.FieldDescriptorProto_LABEL_REPEATED:
		return "repeated "
	case label == descriptorpb.FieldDescriptorProto_LABEL_REQUIRED:
		return "required "
	case p.src.fdp.GetSyntax() == "" || p.src.fdp.GetSyntax() == "proto2":
		return "optional "
	}
	return ""
}

func typeName(f *descriptorpb.FieldDescriptorProto) string {
	if f.GetTypeName() != "" {
		return f.GetTypeName()
	}
	return strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
}

// extensions prints extend declarations; neighbours with one extendee share one.
func (p *printer) extensions(fields []*descriptorpb.FieldDescriptorProto, nested messages) {
	for len(fields) > 0 {
		n := slices.IndexFunc(fields, func(f *descriptorpb.FieldDescriptorProto) bool { return f.GetExtendee() != fields[0].GetExtendee() })
		if n < 0 {
			n = len(fields)
		}
		p.gap()
		p.block("extend "+fields[0].GetExtendee(), func(p *printer) {
			for _, f := range fields[:n] {
				p.field(f, nested)
			}
		})
		fields = fields[n:]
	}
}

func (p *printer) enum(e *descriptorpb.EnumDescriptorProto) {
	p.block("enum "+e.GetName(), func(p *printer) {
		var reserved []span
		for _, r := range e.ReservedRange {
			reserved = append(reserved, span{r.GetStart(), r.GetEnd(), maxEnum})
		}
		p.reserved(e.ReservedName, reserved)
		for _, o := range p.src.options(e.GetOptions()) {
			p.line("option %s;", o)
		}
		for _, v := range e.Value {
			p.line("%s = %d%s;", v.GetName(), v.GetNumber(), bracketed(p.src.options(v.GetOptions())))
		}
	})
}

func (p *printer) service(s *descriptorpb.ServiceDescriptorProto) {
	p.block("service "+s.GetName(), func(p *printer) {
		p.declarations(p.src.options(s.GetOptions()))
		if len(s.Method) > 0 {
			p.gap()
		}
		for _, m := range s.Method {
			stream := map[bool]string{true: "stream "}
			head := fmt.Sprintf("rpc %s (%s%s) returns (%s%s)", m.GetName(), stream[m.GetClientStreaming()], m.GetInputType(), stream[m.GetServerStreaming()], m.GetOutputType())
			options := p.src.options(m.GetOptions())
			if len(options) == 0 {
				p.line("%s;", head)
				continue
			}
			p.block(head, func(p *printer) { p.declarations(options) })
		}
	})
}

const (
	maxTag  = 1<<29 - 1
	maxEnum = 1<<31 - 1
)

// span is a range of numbers, both ends in it; most is what prints as max.
type span struct{ from, to, most int32 }

func (s span) String() string {
	switch {
	case s.from == s.to:
		return strconv.Itoa(int(s.from))
	case s.to >= s.most:
		return fmt.Sprintf("%d to max", s.from)
	}
	return fmt.Sprintf("%d to %d", s.from, s.to)
}

func ranges(in []*descriptorpb.DescriptorProto_ReservedRange) (out []span) {
	for _, r := range in {
		out = append(out, span{r.GetStart(), r.GetEnd() - 1, maxTag})
	}
	return out
}

func (p *printer) reserved(names []string, numbers []span) {
	for _, n := range numbers {
		p.line("reserved %s;", n)
	}
	for _, n := range names {
		if p.src.fdp.GetSyntax() == "editions" {
			p.line("reserved %s;", n)
		} else {
			p.line("reserved %s;", quote(n))
		}
	}
}
