package codec

// Field is an entry of a dictionary that wampool itself writes.
type Field struct {
	Key   string
	Value FieldValue
}

// FieldValue is the value of a [Field].
type FieldValue struct {
	kind     kind
	text     string
	number   uint64
	negative bool
	truth    bool
	fields   []Field
	list     []string
}

// FieldString is a string.
func FieldString(text string) FieldValue { return FieldValue{kind: kindString, text: text} }

// FieldUint is an integer.
func FieldUint(n uint64) FieldValue { return FieldValue{kind: kindInt, number: n} }

// FieldInt is an integer.
func FieldInt(n int64) FieldValue {
	return FieldValue{kind: kindInt, number: uint64(n), negative: n < 0} //nolint:gosec // the sign is kept beside
}

// FieldBool is a boolean.
func FieldBool(b bool) FieldValue { return FieldValue{kind: kindBool, truth: b} }

// FieldDict is a dictionary.
func FieldDict(fields []Field) FieldValue { return FieldValue{kind: kindDict, fields: fields} }

// FieldStrings is a list of strings.
func FieldStrings(list []string) FieldValue { return FieldValue{kind: kindList, list: list} }

func (v FieldValue) append(dst []byte, s Serializer) []byte {
	switch v.kind {
	case kindString:
		return appendString(dst, s, v.text)
	case kindInt:
		if v.negative {
			return appendNegative(dst, s, -v.number)
		}
		return appendUint(dst, s, v.number)
	case kindBool:
		return appendBool(dst, s, v.truth)
	case kindDict:
		return appendFields(dst, s, v.fields)
	case kindList:
		dst = appendListHead(dst, s, len(v.list))
		for i, text := range v.list {
			if s == JSON && i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, s, text)
		}
		if s == JSON {
			dst = append(dst, ']')
		}
		return dst
	}
	return appendNull(dst, s)
}

func appendFields(dst []byte, s Serializer, fields []Field) []byte {
	dst = appendDictHead(dst, s, len(fields))
	for i := range fields {
		dst = appendField(dst, s, &fields[i], i == 0)
	}
	if s == JSON {
		dst = append(dst, '}')
	}
	return dst
}

func appendField(dst []byte, s Serializer, f *Field, first bool) []byte {
	if s == JSON && !first {
		dst = append(dst, ',')
	}
	dst = appendString(dst, s, f.Key)
	if s == JSON {
		dst = append(dst, ':')
	}
	return f.Value.append(dst, s)
}

// NewDict returns a dictionary of these fields.
func NewDict(s Serializer, fields ...Field) Dict {
	if len(fields) == 0 {
		return Dict{}
	}
	return Dict{appendFields(nil, s, fields)}
}
