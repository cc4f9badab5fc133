package server

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// uuidFormat makes `format: uuid` of the contract a rule that is checked.
var uuidFormat = openapi3.WithStringFormatValidator("uuid", openapi3.NewCallbackValidator(func(s string) error {
	if _, err := uuid.Parse(s); err != nil || len(s) != 36 {
		return errors.New("must be a UUID")
	}
	return nil
}))

var parameterOptions = &openapi3filter.Options{
	MultiError: true, SkipSettingDefaults: true,
	SchemaValidationOptions: []openapi3.SchemaValidationOption{uuidFormat, openapi3.EnableFormatValidation()},
}

// validate refuses a request that does not keep to the contract, with every
// field that breaks a rule, before its handler sees it.
func (o *operation) validate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		fields, err := o.checkParameters(c)
		if err != nil {
			return err
		}
		if len(fields) > 0 {
			return badRequest(summary(fields), fields...)
		}
		if o.body != nil {
			if err := o.checkBody(c); err != nil {
				return err
			}
		}
		return next(c)
	}
}

// summary puts the first broken rule into the problem's detail, for clients
// that show only that.
func summary(fields []toygres.FieldError) string { return fields[0].Field + " " + fields[0].Message }

func (o *operation) checkParameters(c echo.Context) ([]toygres.FieldError, error) {
	request := c.Request()
	query := url.Values{}
	if request.URL.RawQuery != "" {
		var err error
		if query, err = url.ParseQuery(request.URL.RawQuery); err != nil {
			return nil, badRequest("the query string can't be read")
		}
	}
	var fields []toygres.FieldError
	for _, name := range o.unknownQuery(query) {
		fields = append(fields, toygres.FieldError{Field: name, Rule: "unknown", Message: "is not a parameter of this request"})
	}
	if len(o.parameters) == 0 {
		return fields, nil
	}
	names := c.ParamNames()
	path := make(map[string]string, len(names))
	for i, name := range names {
		path[name] = c.ParamValues()[i]
	}
	input := &openapi3filter.RequestValidationInput{
		Request: request, PathParams: path, QueryParams: query, Route: o.route, Options: parameterOptions,
	}
	for _, p := range o.parameters {
		if !text(valuesOf(p.Value, request, path, query)...) {
			fields = append(fields, toygres.FieldError{Field: p.Value.Name, Rule: "text", Message: "must be UTF-8 text without a zero byte"})
			continue
		}
		if err := openapi3filter.ValidateParameter(request.Context(), input, p.Value); err != nil {
			fields = append(fields, fieldErrors(p.Value.Name, err)...)
		}
	}
	return fields, nil
}

func valuesOf(p *openapi3.Parameter, request *http.Request, path map[string]string, query url.Values) []string {
	switch p.In {
	case openapi3.ParameterInPath:
		return []string{path[p.Name]}
	case openapi3.ParameterInQuery:
		return query[p.Name]
	default:
		return request.Header.Values(p.Name)
	}
}

// text reports whether PostgreSQL can store every one of values.
func text(values ...string) bool {
	for _, v := range values {
		if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
			return false
		}
	}
	return true
}

// validatedBody hands the checked value to the generated code, which then
// does not read the body a second time by laxer rules.
type validatedBody struct {
	io.ReadCloser
	value any
}

func (b validatedBody) ValidatedValue() any { return b.value }

func (o *operation) checkBody(c echo.Context) error {
	request := c.Request()
	mediaType, _, err := mime.ParseMediaType(request.Header.Get(echo.HeaderContentType))
	if err != nil || mediaType != echo.MIMEApplicationJSON || request.Header.Get(echo.HeaderContentEncoding) != "" {
		return &requestError{http.StatusUnsupportedMediaType, &toygres.Error{Code: toygres.CodeInvalid,
			Message: "the body must be plain JSON, with Content-Type: application/json"}}
	}
	data, err := io.ReadAll(http.MaxBytesReader(c.Response().Writer, request.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return &requestError{http.StatusBadRequest, &toygres.Error{Code: toygres.CodeInvalid, Message: "the body ended early", Err: err}}
	}
	value, broken := decodeJSON(data)
	if broken != "" {
		return badRequest("the body "+broken, toygres.FieldError{Field: "body", Rule: "json", Message: broken})
	}
	err = o.body.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsRequest(), uuidFormat, openapi3.EnableFormatValidation())
	if err != nil {
		fields := append(unknownFields(o.body, "", value), fieldErrors("body", err)...)
		if len(fields) == 0 { // a rule of the contract that is not known here
			fields = []toygres.FieldError{{Field: "body", Rule: "contract", Message: "does not keep to the contract"}}
		}
		return badRequest(summary(fields), fields...)
	}
	if f, ok := storable(value, "body"); !ok {
		return badRequest(summary([]toygres.FieldError{f}), f)
	}
	request.Body = validatedBody{request.Body, value}
	return nil
}

// unknownFields returns a field error for each member that the contract does
// not have, sorted. kin-openapi says that there are some, but not which.
func unknownFields(schema *openapi3.Schema, at string, value any) []toygres.FieldError {
	var fields []toygres.FieldError
	for _, part := range schema.AllOf {
		fields = append(fields, unknownFields(part.Value, at, value)...)
	}
	switch v := value.(type) {
	case []any:
		for i, member := range v {
			if schema.Items != nil {
				fields = append(fields, unknownFields(schema.Items.Value, fmt.Sprintf("%s%d.", at, i), member)...)
			}
		}
	case map[string]any:
		closed := schema.AdditionalProperties.Has != nil && !*schema.AdditionalProperties.Has
		for _, name := range slices.Sorted(maps.Keys(v)) {
			switch property, known := schema.Properties[name]; {
			case known:
				fields = append(fields, unknownFields(property.Value, at+name+".", v[name])...)
			case closed:
				fields = append(fields, toygres.FieldError{Field: at + name, Rule: "unknown", Message: "is not a field of this request"})
			}
		}
	}
	return fields
}

// decodeJSON decodes exactly one JSON value; otherwise it says in words what
// is wrong, without repeating what was sent.
func decodeJSON(data []byte) (value any, broken string) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, "is empty, but must be a JSON object"
	}
	if !utf8.Valid(data) {
		return nil, "is not UTF-8 text"
	}
	if err := decoder.Decode(&value); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Sprintf("is not valid JSON: there is an error at byte %d", syntax.Offset)
		}
		return nil, "is not valid JSON: it ends too early"
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, "has something after the JSON value"
	}
	return value, ""
}

// storable finds what JSON and the contract allow, but Go and PostgreSQL can't
// hold: numbers like 1e3 or beyond 64 bits, and text with zero bytes.
func storable(value any, at string) (toygres.FieldError, bool) {
	switch v := value.(type) {
	case string:
		if !text(v) {
			return toygres.FieldError{Field: at, Rule: "text", Message: "must not contain a zero byte"}, false
		}
	case json.Number:
		if _, err := v.Int64(); err != nil {
			return toygres.FieldError{Field: at, Rule: "type", Message: "must be a whole number, written in digits"}, false
		}
	case map[string]any:
		for key, member := range v {
			if !text(key) {
				return toygres.FieldError{Field: at, Rule: "text", Message: "must not have a member whose name contains a zero byte"}, false
			}
			if f, ok := storable(member, key); !ok {
				return f, false
			}
		}
	case []any:
		for i, member := range v {
			if f, ok := storable(member, fmt.Sprintf("%s.%d", at, i)); !ok {
				return f, false
			}
		}
	}
	return toygres.FieldError{}, true
}

// fieldErrors flattens what kin-openapi found, without the values sent: one
// of them could be a password.
func fieldErrors(at string, err error) []toygres.FieldError {
	var many openapi3.MultiError
	if errors.As(err, &many) {
		var fields []toygres.FieldError
		for _, one := range many {
			fields = append(fields, fieldErrors(at, one)...)
		}
		return fields
	}
	var schema *openapi3.SchemaError
	if errors.As(err, &schema) {
		if schema.SchemaField == "properties" {
			return nil // see unknownFields
		}
		field := at
		if pointer := schema.JSONPointer(); len(pointer) > 0 {
			field = strings.Join(pointer, ".")
			if at != "body" {
				field = at + "." + field
			}
		}
		return []toygres.FieldError{{Field: field, Rule: rule(schema), Message: message(schema)}}
	}
	if errors.Is(err, openapi3filter.ErrInvalidRequired) {
		return []toygres.FieldError{{Field: at, Rule: "required", Message: "is missing"}}
	}
	if errors.Is(err, openapi3filter.ErrInvalidEmptyValue) {
		return []toygres.FieldError{{Field: at, Rule: "required", Message: "must not be empty"}}
	}
	return []toygres.FieldError{{Field: at, Rule: "type", Message: "has the wrong type"}}
}
