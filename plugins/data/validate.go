package data

// Validate checks that v fits s, as ConnectSchema.validateValue does; the texts are Java's. A nil schema takes anything.
func Validate(s *Schema, v Value) error {
	if s == nil {
		return nil
	}
	return validateAt(s, v, "value")
}

func fieldLoc(name string) string { return `field: "` + name + `"` }

func validateAt(s *Schema, v Value, loc string) error {
	if v.IsNull() {
		if s.optional {
			return nil
		}
		return Errorf("Invalid value: null used for required %s, schema type: %s", loc, s.typ)
	}
	if !kindFits(s, v.Kind()) {
		return mismatchAt(s, v, loc)
	}
	if s.logical != NotLogical {
		return nil
	}
	switch s.typ {
	case StructType:
		if !s.Describes(v.Struct()) {
			return Errorf("Struct schemas do not match.")
		}
	case ArrayType:
		for _, e := range v.Array() {
			if err := validateAt(s.value, e, "element of array "+loc); err != nil {
				return err
			}
		}
	case MapType:
		for k, e := range v.Map().All() {
			if err := validateAt(s.key, k, "key of map "+loc); err != nil {
				return err
			}
			if err := validateAt(s.value, e, "value of map "+loc); err != nil {
				return err
			}
		}
	}
	return nil
}

var kindOfType = [...]Kind{
	Int8: KindInt8, Int16: KindInt16, Int32: KindInt32, Int64: KindInt64, Float32: KindFloat32, Float64: KindFloat64,
	Boolean: KindBool, String: KindString, Bytes: KindBytes, ArrayType: KindArray, MapType: KindMap, StructType: KindStruct,
}

// KindFor returns the kind of value that a schema takes: by logical name first, then by type.
func KindFor(s *Schema) Kind { return s.kind }

func kindOf(l Logical, t Type) Kind {
	switch l {
	case LogicalDecimal:
		return KindDecimal
	case LogicalDate, LogicalTime, LogicalTimestamp:
		return KindTimestamp
	}
	if int(t) < len(kindOfType) {
		return kindOfType[t]
	}
	return KindNull
}

func kindFits(s *Schema, k Kind) bool { return KindFor(s) == k }

var javaClasses = [...]string{
	KindNull: "null", KindBool: "java.lang.Boolean", KindInt8: "java.lang.Byte", KindInt16: "java.lang.Short", KindInt32: "java.lang.Integer",
	KindInt64: "java.lang.Long", KindFloat32: "java.lang.Float", KindFloat64: "java.lang.Double", KindString: "java.lang.String",
	KindBytes: "[B", KindDecimal: "java.math.BigDecimal", KindTimestamp: "java.util.Date", KindArray: "java.util.ArrayList",
	KindMap: "java.util.HashMap", KindStruct: "org.apache.kafka.connect.data.Struct",
}

// JavaClass returns the class name that Java messages print for a kind.
func (k Kind) JavaClass() string { return javaClasses[k] }

func mismatch(s *Schema, v Value) error { return mismatchAt(s, v, "value") }

func mismatchAt(s *Schema, v Value, loc string) error {
	name := ""
	if s.name != nil {
		name = ` "` + *s.name + `"`
	}
	return Errorf("Invalid Java object for schema%s with type %s: class %s for %s", name, s.typ, v.Kind().JavaClass(), loc)
}
