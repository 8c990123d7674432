package avroschema

import "strings"

// A Ref is a schema that another refers to by name.
type Ref struct{ Name, Text string }

// A Schema is a parsed schema. It is immutable and safe for concurrent use.
type Schema struct {
	Root *Type
	refs []string // full names that references define: printed by name only
}

// A Kind is one of Avro's types.
type Kind uint8

// Avro's types, in the order of the specification.
const (
	Null Kind = iota + 1
	Boolean
	Int
	Long
	Float
	Double
	Bytes
	String
	Record
	Enum
	Array
	Map
	Union
	Fixed
)

var kindNames = [...]string{"", "null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array", "map", "union", "fixed"}

// String returns Avro's name of the type.
func (k Kind) String() string { return kindNames[k] }

func primitive(name string) Kind {
	for k := Null; k <= String; k++ {
		if kindNames[k] == name {
			return k
		}
	}
	return 0
}

// A Name is the name of a record, enum or fixed.
type Name struct{ Space, Simple string }

// Full returns the name with its namespace.
func (n Name) Full() string {
	if n.Space == "" {
		return n.Simple
	}
	return n.Space + "." + n.Simple
}

func newName(name, space string) Name {
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		return Name{name[:i], name[i+1:]}
	}
	return Name{space, name}
}

// A Type is one node of a schema. The types of a schema may form cycles through records. Callers must not change it.
type Type struct {
	Kind     Kind
	Name     Name // of records, enums and fixed
	Doc      string
	HasDoc   bool
	IsError  bool // a record written as "error"
	Aliases  []Name
	Fields   []Field
	Symbols  []string
	Default  string // of an enum; "": none
	Size     int    // of a fixed
	Elem     *Type  // items of an array, values of a map
	Branches []*Type
	Props    []Member // what Avro does not know, and logicalType with its attributes

	Logical          string // the logical type, "" if there is none or one that does not fit
	Precision, Scale int    // of a decimal

	refers string // a name that is yet to be resolved
	within string // the namespace in which it is looked up
}

// A Field is a member of a record.
type Field struct {
	Name    string
	Type    *Type
	Doc     string
	HasDoc  bool
	Default *Value // nil: none
	Order   string // ascending, descending, ignore
	Aliases []string
	Props   []Member
}

// FullName returns the full name of a record, enum or fixed, and the name of the type for others, as unions know their branches.
func (t *Type) FullName() string {
	if t.Named() {
		return t.Name.Full()
	}
	return t.Kind.String()
}

// Named reports whether the type is one that has a name.
func (t *Type) Named() bool { return t.Kind == Record || t.Kind == Enum || t.Kind == Fixed }

// Prop returns a property.
func (t *Type) Prop(name string) (Value, bool) { return find(t.Props, name) }

// TextProp returns a property that is a string; "" otherwise.
func (t *Type) TextProp(name string) string {
	v, _ := find(t.Props, name)
	if v.Kind != JSONString {
		return ""
	}
	return v.Text
}

func find(ms []Member, name string) (Value, bool) {
	for i := range ms {
		if ms[i].Name == name {
			return ms[i].Value, true
		}
	}
	return Value{}, false
}

// Name returns the full name of the record, enum or fixed that the schema is, "" when it is none.
func (s *Schema) Name() string {
	if s.Root.Named() {
		return s.Root.Name.Full()
	}
	return ""
}
