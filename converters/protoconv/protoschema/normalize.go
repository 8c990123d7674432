package protoschema

import (
	"slices"

	"google.golang.org/protobuf/types/descriptorpb"
)

// normalize takes the full names from the linked file, sorts the imports, and has options printed in their order.
func (src *source) normalize(linked *descriptorpb.FileDescriptorProto) {
	f := src.fdp
	src.sort = true
	for i := range f.Service {
		for j, m := range f.Service[i].Method {
			m.InputType, m.OutputType = linked.Service[i].Method[j].InputType, linked.Service[i].Method[j].OutputType
		}
	}
	qualifyFields(f.Extension, linked.Extension)
	qualify(f.MessageType, linked.MessageType)
	sortImports(f)
}

func qualify(messages, linked []*descriptorpb.DescriptorProto) {
	for i, m := range messages {
		qualifyFields(m.Field, linked[i].Field)
		qualifyFields(m.Extension, linked[i].Extension)
		qualify(m.NestedType, linked[i].NestedType)
	}
}

func qualifyFields(fields, linked []*descriptorpb.FieldDescriptorProto) {
	for i, f := range fields {
		f.TypeName, f.Extendee = linked[i].TypeName, linked[i].Extendee
	}
}

// sortImports keeps which imports are public or weak.
func sortImports(f *descriptorpb.FileDescriptorProto) {
	old := slices.Clone(f.Dependency)
	slices.Sort(f.Dependency)
	moved := func(indexes []int32) (out []int32) {
		for _, i := range indexes {
			at, _ := slices.BinarySearch(f.Dependency, old[i])
			out = append(out, int32(at))
		}
		return out
	}
	f.PublicDependency, f.WeakDependency = moved(f.PublicDependency), moved(f.WeakDependency)
}
