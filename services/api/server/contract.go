package server

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"

	"github.com/toygres/toygres/openapi"
)

// contract is openapi.yaml, prepared for checking requests.
type contract struct {
	document   *openapi3.T
	json       []byte // the document as /api/openapi.json serves it
	operations []*operation
}

// operation is one operation of the contract. Echo has already found the
// route when a request is checked, so nothing is searched for twice.
type operation struct {
	id         string
	method     string
	path       string
	route      *routers.Route
	parameters openapi3.Parameters // the path's and the operation's own
	query      map[string]bool     // names of query parameters
	anyQuery   bool                // others may come, which do not count
	body       *openapi3.Schema    // nil when there is none
	public     bool                // needs nobody to be signed in
}

// loadContract reads and checks the embedded document.
func loadContract() (*contract, error) {
	document, err := openapi3.NewLoader().LoadFromData(openapi.Document)
	if err != nil {
		return nil, fmt.Errorf("read the contract: %w", err)
	}
	if err := document.Validate(context.Background()); err != nil {
		return nil, fmt.Errorf("check the contract: %w", err)
	}
	c := &contract{document: document}
	if c.json, err = document.MarshalJSON(); err != nil {
		return nil, fmt.Errorf("convert the contract to JSON: %w", err)
	}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			c.operations = append(c.operations, prepare(document, path, item, method, op))
		}
	}
	slices.SortFunc(c.operations, func(a, b *operation) int {
		return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.method, b.method))
	})
	return c, nil
}

func prepare(document *openapi3.T, path string, item *openapi3.PathItem, method string, op *openapi3.Operation) *operation {
	o := &operation{
		id: op.OperationID, method: method, path: path,
		route:      &routers.Route{Spec: document, Path: path, PathItem: item, Method: method, Operation: op},
		parameters: slices.Concat(item.Parameters, op.Parameters),
		query:      map[string]bool{},
		public:     op.Security != nil && len(*op.Security) == 0,
	}
	_, o.anyQuery = op.Extensions["x-any-query"]
	for _, p := range o.parameters {
		if p.Value.In == openapi3.ParameterInQuery {
			o.query[p.Value.Name] = true
		}
	}
	if op.RequestBody != nil {
		o.body = op.RequestBody.Value.Content.Get("application/json").Schema.Value
	}
	return o
}

// unknownQuery returns the query parameters that the contract does not have,
// sorted.
func (o *operation) unknownQuery(query url.Values) []string {
	if o.anyQuery {
		return nil
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !o.query[name] {
			unknown = append(unknown, name)
		}
	}
	return unknown
}

// methods returns the methods that the contract has for a path.
func (c *contract) methods(path string) []string {
	var methods []string
	parts := strings.Split(path, "/")
	for _, o := range c.operations {
		template := strings.Split(o.path, "/")
		if slices.EqualFunc(parts, template, func(part, of string) bool {
			return part == of || strings.HasPrefix(of, "{") && part != ""
		}) {
			methods = append(methods, o.method)
		}
	}
	return methods
}
