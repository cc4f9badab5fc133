package server_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"
)

// hostile makes requests that the contract forbids, of nothing but the contract. The same seed makes the same ones.
type hostile struct {
	*rand.Rand
	document *openapi3.T
	routes   []route
}

// route is an operation of the contract.
type route struct {
	method, path string
	parameters   openapi3.Parameters
	body         *openapi3.Schema // nil for none
	public       bool             // for those who are not signed in
}

// badRequest is what is sent.
type badRequest struct {
	route
	fault    string // what is wrong with it
	url      string // path and query
	header   map[string]string
	body     string
	stranger bool // nobody is signed in
	certain  bool // it can't be taken for a good one
}

func newHostile(seed uint64, document *openapi3.T) *hostile {
	h := &hostile{Rand: rand.New(rand.NewPCG(seed, 0)), document: document}
	for path, item := range document.Paths.Map() {
		for method, op := range item.Operations() {
			r := route{method: method, path: path, parameters: slices.Concat(item.Parameters, op.Parameters)}
			r.public = op.Security != nil && len(*op.Security) == 0
			if op.RequestBody != nil {
				r.body = op.RequestBody.Value.Content.Get("application/json").Schema.Value
			}
			h.routes = append(h.routes, r)
		}
	}
	slices.SortFunc(h.routes, func(a, b route) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return h
}

// request makes the nth request: each route has its turn.
func (h *hostile) request(n int) badRequest {
	r := h.routes[n%len(h.routes)]
	faults := []func(route) (badRequest, bool){h.wrongMethod, h.unknownParameter, h.stranger}
	if len(r.parameters) > 0 {
		faults = append(faults, h.wrongParameter, h.wrongParameter, h.wrongParameter, h.oddParameter)
	}
	if r.body != nil {
		faults = append(faults, h.wrongBody, h.wrongBody, h.wrongBody, h.wrongBody, h.wrongBody, h.brokenBody, h.brokenBody, h.wrongMedia, h.oddBody, h.oddBody)
	}
	for {
		if b, ok := pick(h, faults)(r); ok {
			return h.noise(b)
		}
	}
}

func pick[T any](h *hostile, of []T) T { return of[h.IntN(len(of))] }

// good is a request to r with which nothing is wrong.
func (h *hostile) good(r route) badRequest {
	b := badRequest{route: r, certain: true, header: map[string]string{}}
	values := map[string]string{}
	for _, p := range r.parameters {
		if p.Value.In == openapi3.ParameterInPath {
			values[p.Value.Name] = url.PathEscape(h.pathValue(p.Value))
		}
	}
	b.url = fill(r.path, values)
	if r.body != nil {
		b.body = encoded(h.valid(r.body))
	}
	return b
}

// pathValue is sometimes the name of something that exists.
func (h *hostile) pathValue(p *openapi3.Parameter) string {
	if h.IntN(2) == 0 && valid(p.Schema.Value, "demo") {
		return "demo"
	}
	value, _ := h.valid(p.Schema.Value).(string)
	return value
}

func fill(path string, values map[string]string) string {
	for name, value := range values {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return path
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// The faults.

func (h *hostile) wrongMethod(r route) (badRequest, bool) {
	b := h.good(r)
	allowed := map[string]bool{}
	for _, other := range h.routes { // by whatever template it is found
		if len(strings.Split(other.path, "/")) == len(strings.Split(r.path, "/")) {
			allowed[other.method] = true
		}
	}
	methods := slices.DeleteFunc([]string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "NONSENSE"}, func(m string) bool { return allowed[m] })
	b.method, b.fault = pick(h, methods), "the method"
	return b, true
}

func (h *hostile) unknownParameter(r route) (badRequest, bool) {
	b := h.good(r)
	b.url += "?" + pick(h, []string{"nonsense=1", "%00=%00", "limit%00=5", "__proto__=x", "a%5B%5D=1", strings.Repeat("x", 5000) + "=1", "=", "%zz=1", "a=%zz", "a;b=1", "%ff=%fe"})
	b.fault = "a parameter that there is not"
	return b, true
}

func (h *hostile) stranger(r route) (badRequest, bool) {
	b := h.good(r)
	b.fault, b.stranger = "who is signed in", true
	b.header["Authorization"] = pick(h, []string{"Bearer", "Bearer ", "Bearer tgr_" + strings.Repeat("0", 8000), "Basic YTpi", "Bearer \xff\xfe", "Digest x", "bearer x y z"})
	b.certain = !r.public
	return b, true
}

// hostileTexts are legal and odd.
var hostileTexts = []string{"'; DROP TABLE instances; --", `"><script>alert(1)</script>`, "../../etc/passwd", "%s%n%x", "${jndi:ldap://x}", "\u202e\u2066",
	"𝕊𝕥𝕣", "\x1b[31m", "-1", "null", strings.Repeat("é", 1000), "\r\nSet-Cookie: a=b", "\u200b", "{{7*7}}", "COM1", " ", "\\"}

func (h *hostile) wrongParameter(r route) (badRequest, bool) {
	p := pick(h, r.parameters).Value
	value, fault, ok := h.wrongText(p.Schema.Value)
	if !ok {
		return badRequest{}, false
	}
	b := h.good(r)
	b.fault = fmt.Sprintf("parameter %s: %s", p.Name, fault)
	return h.with(b, p, value), true
}

// oddParameter is one that only looks wrong, or a cursor that nobody gave out. It must not change anything if it is taken.
func (h *hostile) oddParameter(r route) (badRequest, bool) {
	p := pick(h, r.parameters).Value
	if r.method != "GET" {
		return badRequest{}, false
	}
	b := h.good(r)
	b.certain, b.fault = false, "odd parameter "+p.Name
	odd := pick(h, hostileTexts)
	if p.Name == "cursor" {
		raw := make([]byte, h.IntN(40))
		for i := range raw {
			raw[i] = byte(h.IntN(256))
		}
		odd = pick(h, []string{odd, fmt.Sprintf("%x", raw), strings.TrimRight(strings.ReplaceAll(string(encodedBytes(raw)), "/", "_"), "="), "aQ", "999999999999999999999"})
	}
	return h.with(b, p, odd), true
}

func encodedBytes(raw []byte) []byte {
	text, err := json.Marshal(raw) // base64 in quotes
	if err != nil {
		panic(err)
	}
	return text[1 : len(text)-1]
}

// with puts a value where the parameter stands.
func (h *hostile) with(b badRequest, p *openapi3.Parameter, value string) badRequest {
	switch p.In {
	case openapi3.ParameterInPath:
		values := map[string]string{}
		for _, other := range b.parameters {
			if other.Value.In == openapi3.ParameterInPath {
				values[other.Value.Name] = url.PathEscape(h.pathValue(other.Value))
			}
		}
		values[p.Name] = strings.ReplaceAll(url.PathEscape(value), "..", "%2e%2e")
		b.url = fill(b.path, values)
		if value == "" {
			b.certain = false // it is another path
		}
	case openapi3.ParameterInQuery:
		b.url += "?" + url.QueryEscape(p.Name) + "=" + url.QueryEscape(value)
	case openapi3.ParameterInHeader:
		b.header[p.Name] = strings.Map(func(r rune) rune { // others can't be sent
			if r < ' ' || r == 0x7f {
				return 'x'
			}
			return r
		}, value)
		b.certain = b.certain && b.header[p.Name] == value
	}
	return b
}

func (h *hostile) wrongBody(r route) (badRequest, bool) {
	b := h.good(r)
	body, fault, ok := h.wrongValue(r.body, 0)
	b.body, b.fault = body, "body: "+fault
	return b, ok
}

// oddBody keeps to the words of the contract, and is hardly what somebody wants. It may be taken.
func (h *hostile) oddBody(r route) (badRequest, bool) {
	b := h.good(r)
	b.body, b.fault, b.certain = encoded(h.odd(r.body)), "odd body", false
	return b, true
}

func (h *hostile) odd(s *openapi3.Schema) any {
	if len(s.AllOf) > 0 {
		return h.odd(s.AllOf[0].Value)
	}
	switch {
	case len(s.Enum) > 0:
		return pick(h, s.Enum)
	case s.Type.Is("object"):
		object, isObject := h.valid(s).(map[string]any)
		if !isObject {
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if _, there := object[name]; there || h.IntN(3) == 0 {
				object[name] = h.odd(s.Properties[name].Value)
			}
		}
		if more := s.AdditionalProperties.Schema; more != nil {
			object[pick(h, hostileTexts)] = h.odd(more.Value)
		}
		return object
	case s.Type.Is("array"):
		return []any{h.odd(s.Items.Value), h.odd(s.Items.Value)}
	case s.Type.Is("integer"):
		for _, n := range []int64{math.MaxInt64, math.MinInt64, math.MaxInt32 + 1, -1, 0} {
			if h.IntN(2) == 0 && valid(s, float64(n)) {
				return n
			}
		}
	case s.Type.Is("string"):
		if text := pick(h, hostileTexts); valid(s, text) {
			return text
		}
	}
	return h.valid(s)
}

func (h *hostile) brokenBody(r route) (badRequest, bool) {
	b := h.good(r)
	good := b.body
	broken := map[string]string{
		"empty": " ", "cut": good[:len(good)-1], "two": good + good, "no JSON": "hello", "form": "a=1&b=2", "XML": "<a/>", "comment": "/**/" + good,
		"NUL": "\x00" + good, "UTF-16": "\xff\xfe{\x00}\x00", "no UTF-8": "{\"\xff\":1}", "NaN": `{"a":NaN}`, "byte order mark": "\ufeff" + good,
		"deep":       strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"too deep":   strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000),
		"huge":       `{"name":"` + strings.Repeat("x", 2<<20) + `"}`,
		"many":       "[" + strings.Repeat("0,", 200000) + "0]",
		"big number": `{"name":1e999999}`, "lone surrogate": `{"\ud800":"\udfff"}`,
	}
	b.fault = pick(h, slices.Sorted(maps.Keys(broken)))
	b.body = broken[b.fault]
	b.fault = "body: " + b.fault
	return b, true
}

func (h *hostile) wrongMedia(r route) (badRequest, bool) {
	b := h.good(r)
	b.fault = "the media type"
	b.header["Content-Type"] = pick(h, []string{"text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded",
		"application/merge-patch+json", "nonsense", ";;;", "application/json/json", "\xff"})
	if h.IntN(4) == 0 {
		b.header["Content-Type"], b.header["Content-Encoding"] = "application/json", "gzip"
	}
	return b, true
}

// noise adds what makes no request better.
func (h *hostile) noise(b badRequest) badRequest {
	noise := [][2]string{{"X-Request-Id", strings.Repeat("a", 5000)}, {"X-Request-Id", "<script>"}, {"X-Forwarded-For", "'; --, 999.1.1.1"}, {"Accept", "image/png;q=\xff"},
		{"Cookie", "toygres_session=" + strings.Repeat("%00", 500)}, {"Cookie", "=;=;;a"}, {"Origin", "null"}, {"Range", "bytes=-1"}, {"Expect", "nonsense"},
		{"If-Match", "*"}, {"X-HTTP-Method-Override", "DELETE"}, {"Accept-Encoding", "zip;q=7"}, {"Traceparent", "00-zz"}, {"User-Agent", strings.Repeat("é", 2000)}}
	for range h.IntN(3) {
		header := pick(h, noise)
		if _, ours := b.header[header[0]]; !ours && header[0] != "Expect" {
			b.header[header[0]] = header[1]
		}
	}
	return b
}

// The values.

// valid is a value that keeps to a schema, as far as its words say.
func (h *hostile) valid(s *openapi3.Schema) any {
	if len(s.AllOf) > 0 {
		return h.valid(s.AllOf[0].Value)
	}
	if len(s.Enum) > 0 {
		return s.Enum[0]
	}
	switch {
	case s.Type.Is("object"):
		object := map[string]any{}
		for _, name := range s.Required {
			object[name] = h.valid(s.Properties[name].Value)
		}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if uint64(len(object)) < s.MinProps {
				object[name] = h.valid(s.Properties[name].Value)
			}
		}
		return object
	case s.Type.Is("array"):
		list := make([]any, s.MinItems)
		for i := range list {
			list[i] = h.valid(s.Items.Value)
		}
		return list
	case s.Type.Is("integer"), s.Type.Is("number"):
		if s.Min != nil {
			return *s.Min
		}
		return 1
	case s.Type.Is("boolean"):
		return true
	default:
		for _, text := range []string{"nothing", "0badc0de", "1", "2026-01-02T03:04:05Z", h.uuid(), strings.Repeat("long", 5), "10.0.0.0/8", "someone@example.com"} {
			if valid(s, text) {
				return text
			}
		}
		return "nothing"
	}
}

func (h *hostile) uuid() string {
	var raw [16]byte
	for i := range raw {
		raw[i] = byte(h.IntN(256))
	}
	raw[6], raw[8] = 0x40|raw[6]&0xf, 0x80|raw[8]&0x3f
	return uuid.UUID(raw).String()
}

var isUUID = openapi3.WithStringFormatValidator("uuid", openapi3.NewCallbackValidator(uuid.Validate))

func valid(s *openapi3.Schema, value any) bool {
	return s.VisitJSON(value, isUUID, openapi3.EnableFormatValidation()) == nil
}

// wrongText is a parameter's value that its schema forbids.
func (h *hostile) wrongText(s *openapi3.Schema) (value, fault string, ok bool) {
	all := []string{"nul\x00", "\xff\xfe", "no such value"}
	if s.Type.Is("array") {
		s = s.Items.Value
	}
	switch {
	case s.Type.Is("integer"):
		all = append(all, "1.5", "1e2", "many", "0x10", "99999999999999999999", "--1", "１", "true")
		if s.Min != nil {
			all = append(all, fmt.Sprint(int64(*s.Min)-1), "-9223372036854775808")
		}
		if s.Max != nil {
			all = append(all, fmt.Sprint(int64(*s.Max)+1))
		}
	case s.Type.Is("boolean"):
		all = append(all, "yes", "2", "TRUE ", "null")
	default:
		if s.MaxLength != nil && *s.MaxLength < 5000 {
			all = append(all, strings.Repeat("x", int(*s.MaxLength)+1))
		}
		all = slices.DeleteFunc(append(all, "0000", "{"+h.uuid()+"}", strings.ToUpper("zz"+h.uuid()[2:]), ""), func(text string) bool {
			return valid(s, text) && !strings.Contains(text, "\x00") && text != "\xff\xfe"
		})
	}
	value = pick(h, all)
	return value, fmt.Sprintf("%.60q", value), value != ""
}

// wrongValue is JSON that a schema forbids.
func (h *hostile) wrongValue(s *openapi3.Schema, depth int) (text, fault string, ok bool) {
	if len(s.AllOf) > 0 {
		s = s.AllOf[0].Value
	}
	var all []string
	add := func(texts ...string) { all = append(all, texts...) }
	if !s.Nullable {
		add("null")
	}
	switch {
	case s.Type == nil:
		return "", "", false
	case s.Type.Is("object"):
		if h.IntN(3) > 0 && len(s.Properties) > 0 && depth < 4 {
			return h.wrongMember(s, depth)
		}
		add("[]", `"text"`, "7", "true")
	case s.Type.Is("array"):
		if text, fault, ok := h.wrongValue(s.Items.Value, depth+1); ok && h.IntN(2) == 0 {
			return "[" + text + "]", "item: " + fault, true
		}
		add("{}", `"text"`, "7")
		if s.MaxItems != nil && *s.MaxItems < 5000 {
			item := encoded(h.valid(s.Items.Value))
			add("[" + strings.Repeat(item+",", int(*s.MaxItems)) + item + "]")
		}
		if s.MinItems > 0 {
			add("[]")
		}
	case s.Type.Is("integer"):
		add(`"7"`, "1.5", "1e1", "true", "[]", "{}", "99999999999999999999", "-99999999999999999999", "1e400")
		if s.Min != nil {
			add(fmt.Sprint(int64(*s.Min) - 1))
		}
		if s.Max != nil {
			add(fmt.Sprint(int64(*s.Max) + 1))
		}
	case s.Type.Is("boolean"):
		add(`"true"`, "0", "[]", "{}")
	default:
		add("7", "true", "[]", "{}", `"nul\u0000"`, "\"\xff\"")
		for _, text := range []string{"", "no such value", strings.Repeat("x", int(min(longest(s), 900_000)))} {
			if !valid(s, text) {
				add(encoded(text))
			}
		}
	}
	text = pick(h, all)
	return text, fmt.Sprintf("%.60s", text), true
}

// longest is one more character than a text may have.
func longest(s *openapi3.Schema) uint64 {
	if s.MaxLength == nil {
		return 1
	}
	return *s.MaxLength + 1
}

func (h *hostile) wrongMember(s *openapi3.Schema, depth int) (text, fault string, ok bool) {
	object, isObject := h.valid(s).(map[string]any)
	if !isObject {
		return "", "", false
	}
	members := map[string]json.RawMessage{}
	for name, value := range object {
		members[name] = json.RawMessage(encoded(value))
	}
	closed := s.AdditionalProperties.Has != nil && !*s.AdditionalProperties.Has
	switch {
	case closed && h.IntN(5) == 0:
		fault = pick(h, []string{"nonsense", "__proto__", "Name", "", "a\x00", strings.Repeat("x", 3000)})
		members[fault] = json.RawMessage("1")
		fault = fmt.Sprintf("member %.20q", fault)
	case len(s.Required) > 0 && h.IntN(4) == 0:
		fault = pick(h, s.Required)
		delete(members, fault)
		fault = "no " + fault
	default:
		name := pick(h, slices.Sorted(maps.Keys(s.Properties)))
		wrong, what, ok := h.wrongValue(s.Properties[name].Value, depth+1)
		if !ok {
			return "", "", false
		}
		members[name], fault = json.RawMessage(wrong), name+": "+what
	}
	var out strings.Builder // json.Marshal would mend what is no UTF-8
	for i, name := range slices.Sorted(maps.Keys(members)) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%s:%s", encoded(name), members[name])
	}
	return "{" + out.String() + "}", fault, true
}
