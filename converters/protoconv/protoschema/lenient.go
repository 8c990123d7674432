package protoschema

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/types/descriptorpb"
)

const metaFile = "confluent/meta.proto"

// lenient makes a file fit for the linker that Java takes as it is. Only what is linked is changed, not what is printed.
func lenient(f *descriptorpb.FileDescriptorProto) {
	importMeta(f)
	for _, m := range f.MessageType {
		nameFields(m)
	}
}

// importMeta adds the import that older versions of Confluent's converter leave out although they use its options: Java does not look for what
// options mean. It is not printed.
func importMeta(f *descriptorpb.FileDescriptorProto) {
	if slices.Contains(f.Dependency, metaFile) || !usesMeta(f) {
		return
	}
	f.Dependency = append(f.Dependency, metaFile)
}

func usesMeta(f *descriptorpb.FileDescriptorProto) bool {
	return meta(f.GetOptions().GetUninterpretedOption()) || slices.ContainsFunc(f.MessageType, messageUsesMeta) || slices.ContainsFunc(f.EnumType, enumUsesMeta)
}

func messageUsesMeta(m *descriptorpb.DescriptorProto) bool {
	return meta(m.GetOptions().GetUninterpretedOption()) || slices.ContainsFunc(m.NestedType, messageUsesMeta) || slices.ContainsFunc(m.EnumType, enumUsesMeta) ||
		slices.ContainsFunc(m.Field, func(f *descriptorpb.FieldDescriptorProto) bool { return meta(f.GetOptions().GetUninterpretedOption()) })
}

func enumUsesMeta(e *descriptorpb.EnumDescriptorProto) bool {
	return meta(e.GetOptions().GetUninterpretedOption()) ||
		slices.ContainsFunc(e.Value, func(v *descriptorpb.EnumValueDescriptorProto) bool {
			return meta(v.GetOptions().GetUninterpretedOption())
		})
}

func meta(options []*descriptorpb.UninterpretedOption) bool {
	return slices.ContainsFunc(options, func(o *descriptorpb.UninterpretedOption) bool {
		return len(o.Name) > 0 && o.Name[0].GetIsExtension() && strings.HasPrefix(strings.TrimPrefix(o.Name[0].GetNamePart(), "."), "confluent.")
	})
}

// nameFields gives the fields of a serialized descriptor the JSON names that its writer left out.
func nameFields(m *descriptorpb.DescriptorProto) {
	for _, f := range m.Field {
		if f.JsonName == nil {
			f.JsonName = new(jsonName(f.GetName()))
		}
	}
	for _, nested := range m.NestedType {
		nameFields(nested)
	}
}
