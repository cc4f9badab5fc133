package query

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// describeColumns tells, for each column, its type's name, and if that is an
// array, what its elements are and what stands between them. It runs where an
// application's functions and operators may be found, so all that it calls is
// PostgreSQL's by name or exactly by its types.
const describeColumns = `
SELECT pg_catalog.format_type(c.type, c.modifier), coalesce(e.oid, 0), coalesce(e.typdelim, ',')
FROM unnest($1::oid[], $2::int4[]) WITH ORDINALITY AS c (type, modifier, position)
LEFT JOIN pg_catalog.pg_type t ON t.oid = c.type AND t.typinput::oid = 'pg_catalog.array_in'::regproc::oid
LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
ORDER BY c.position`

// encoder turns the text of a value into JSON.
type encoder func(text string) json.RawMessage

func describe(ctx context.Context, conn *pgconn.PgConn, fields []pgconn.FieldDescription) ([]Column, []encoder, error) {
	if len(fields) == 0 {
		return nil, nil, nil
	}
	types, modifiers := make([]string, len(fields)), make([]string, len(fields))
	for i, field := range fields {
		types[i] = strconv.FormatUint(uint64(field.DataTypeOID), 10)
		modifiers[i] = strconv.FormatInt(int64(field.TypeModifier), 10)
	}
	list := func(items []string) []byte { return []byte("{" + strings.Join(items, ",") + "}") }
	found := conn.ExecParams(ctx, describeColumns, [][]byte{list(types), list(modifiers)}, nil, nil, nil).Read()
	if found.Err != nil {
		return nil, nil, found.Err
	}
	columns, encoders := make([]Column, len(fields)), make([]encoder, len(fields))
	for i, row := range found.Rows {
		columns[i] = Column{Name: fields[i].Name, Type: string(row[0])}
		element, err := strconv.ParseUint(string(row[1]), 10, 32)
		if err != nil {
			return nil, nil, err
		}
		if element == 0 {
			encoders[i] = encoderOf(fields[i].DataTypeOID)
			continue
		}
		array := arrayText{delimiter: row[2][0], element: encoderOf(uint32(element))}
		encoders[i] = array.encode
	}
	return columns, encoders, nil
}

func encode(encoders []encoder, values [][]byte) []json.RawMessage {
	row := make([]json.RawMessage, len(values))
	for i, value := range values {
		if value == nil {
			row[i] = json.RawMessage("null")
		} else {
			row[i] = encoders[i](string(value))
		}
	}
	return row
}

func encoderOf(oid uint32) encoder {
	switch oid {
	case pgtype.BoolOID:
		return func(text string) json.RawMessage { return json.RawMessage(strconv.FormatBool(text == "t")) }
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.OIDOID, pgtype.Float4OID, pgtype.Float8OID, pgtype.JSONOID, pgtype.JSONBOID:
		return verbatim
	case pgtype.Int8OID:
		return exactInteger
	default:
		return quoted
	}
}

// verbatim is for text that is JSON already. What is not, such as NaN, is
// quoted.
func verbatim(text string) json.RawMessage {
	if !json.Valid([]byte(text)) {
		return quoted(text)
	}
	return json.RawMessage(text)
}

// exactInteger quotes integers that readers of JSON who use floating-point
// numbers, as JavaScript does, would change.
func exactInteger(text string) json.RawMessage {
	const most = 1<<53 - 1
	if n, err := strconv.ParseInt(text, 10, 64); err != nil || n > most || n < -most {
		return quoted(text)
	}
	return json.RawMessage(text)
}

func quoted(text string) json.RawMessage {
	out, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage("null") // can't be: every string has a form in JSON
	}
	return out
}

// arrayText reads PostgreSQL's text form of arrays, such as {1,NULL,"a b"} or
// [0:1]={{1,2},{3,4}}.
type arrayText struct {
	delimiter byte
	element   encoder
}

func (a arrayText) encode(text string) json.RawMessage {
	body := text
	if strings.HasPrefix(body, "[") { // lower bounds, which JSON has no word for
		_, body, _ = strings.Cut(body, "=")
	}
	out, rest, ok := a.list(nil, body)
	if !ok || rest != "" {
		return quoted(text)
	}
	return out
}

// list appends the list that text begins with, and returns what follows it.
func (a arrayText) list(out []byte, text string) (_ []byte, rest string, ok bool) {
	if !strings.HasPrefix(text, "{") {
		return nil, "", false
	}
	out, text = append(out, '['), text[1:]
	for first := true; text != ""; first = false {
		if text[0] == '}' {
			return append(out, ']'), text[1:], true
		}
		if !first {
			if text[0] != a.delimiter {
				return nil, "", false
			}
			out, text = append(out, ','), text[1:]
		}
		if strings.HasPrefix(text, "{") {
			if out, text, ok = a.list(out, text); !ok {
				return nil, "", false
			}
			continue
		}
		var item json.RawMessage
		if item, text, ok = a.item(text); !ok {
			return nil, "", false
		}
		out = append(out, item...)
	}
	return nil, "", false
}

func (a arrayText) item(text string) (_ json.RawMessage, rest string, ok bool) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, string(a.delimiter)+"}")
		if end < 0 {
			return nil, "", false
		}
		if text[:end] == "NULL" {
			return json.RawMessage("null"), text[end:], true
		}
		return a.element(text[:end]), text[end:], true
	}
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return a.element(value.String()), text[i+1:], true
		case '\\':
			if i++; i == len(text) {
				return nil, "", false
			}
		}
		value.WriteByte(text[i])
	}
	return nil, "", false
}
