package server

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// rules are our names for the words of JSON Schema, in the style of the
// domain's own rules.
var rules = map[string]string{
	"required": "required", "type": "type", "enum": "one_of", "format": "format", "pattern": "pattern",
	"minLength": "min_length", "maxLength": "max_length", "minimum": "min", "maximum": "max", "maxItems": "max_items", "minItems": "min_items", "nullable": "type",
	"minProperties": "required", "maxProperties": "max_items",
}

func rule(err *openapi3.SchemaError) string {
	if known, ok := rules[err.SchemaField]; ok {
		return known
	}
	return err.SchemaField
}

// message says what is allowed. It never repeats what was sent.
func message(err *openapi3.SchemaError) string {
	schema := err.Schema
	switch err.SchemaField {
	case "required":
		return "is missing"
	case "nullable":
		return "must not be null"
	case "type":
		return "must be " + typeName(schema)
	case "enum":
		allowed := make([]string, len(schema.Enum))
		for i, v := range schema.Enum {
			allowed[i] = fmt.Sprint(v)
		}
		return "must be one of " + strings.Join(allowed, ", ")
	case "format":
		return "must be a " + strings.ToUpper(schema.Format)
	case "pattern":
		return "must match " + schema.Pattern
	case "minLength":
		if schema.MinLength == 1 {
			return "must not be empty"
		}
		return fmt.Sprintf("must have at least %d characters", schema.MinLength)
	case "maxLength":
		return fmt.Sprintf("must have at most %d characters", *schema.MaxLength)
	case "minimum":
		return fmt.Sprintf("must be at least %v", *schema.Min)
	case "maximum":
		return fmt.Sprintf("must be at most %v", *schema.Max)
	case "minProperties":
		return fmt.Sprintf("must have at least %d of its fields", schema.MinProps)
	case "maxProperties":
		return fmt.Sprintf("must have at most %d of them", *schema.MaxProps)
	case "minItems":
		return fmt.Sprintf("must have at least %d values", schema.MinItems)
	case "maxItems":
		return fmt.Sprintf("must have at most %d values", *schema.MaxItems)
	default:
		return "does not keep to the contract's " + err.SchemaField
	}
}

func typeName(schema *openapi3.Schema) string {
	switch {
	case schema.Type.Is("integer"):
		return "a whole number"
	case schema.Type.Is("object"):
		return "an object"
	case schema.Type.Is("array"):
		return "a list"
	case schema.Type.Is("string"):
		return "a text"
	default:
		return strings.Join(schema.Type.Slice(), " or ")
	}
}
