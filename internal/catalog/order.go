package catalog

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/toygres/toygres"
)

// sortKey is something of an instance that a list can be sorted by.
type sortKey struct {
	name string // in requests, and the column
	of   func(toygres.Instance) string
	read func(string) (any, bool) // the column's value of what of has written
}

var sortKeys = []sortKey{
	{"created_at", func(i toygres.Instance) string { return strconv.FormatInt(i.CreatedAt.UnixMicro(), 10) }, readTime},
	{"name", func(i toygres.Instance) string { return i.Spec.Name }, readText},
	{"state", func(i toygres.Instance) string { return string(i.State) }, readText},
	{"version", func(i toygres.Instance) string { return strconv.Itoa(i.Spec.Version) }, readNumber},
	{"storage_gib", func(i toygres.Instance) string { return strconv.Itoa(i.Spec.StorageGiB) }, readNumber},
}

// order is how a list of instances is sorted: by a key and, where that is the
// same, by id.
type order struct {
	sortKey
	number     byte
	descending bool
}

func orderOf(sort string) (order, error) {
	if sort == "" {
		sort = "-created_at"
	}
	name, descending := strings.CutPrefix(sort, "-")
	for n, key := range sortKeys {
		if key.name == name {
			return order{key, byte(n), descending}, nil
		}
	}
	const message = "is nothing that instances can be sorted by"
	return order{}, &toygres.Error{Code: toygres.CodeInvalid, Message: "sort " + message,
		Fields: []toygres.FieldError{{Field: "sort", Rule: "enum", Message: message}}}
}

// newest is the order that there is an index for.
func (o order) newest() bool { return o.name == "created_at" && o.descending }

// page makes q answer the rows after the one that the cursor names.
func (o order) page(q *statement, cursor string) error {
	direction, beyond := "", ">"
	if o.descending {
		direction, beyond = " DESC", "<"
	}
	switch {
	case o.newest(): // one statement, and one plan, for every page
		createdAt, id, err := position(cursor, instanceList)
		if err != nil {
			return err
		}
		q.add(` AND (i.created_at, i.id) < (?, ?)`, createdAt, id)
	case cursor != "":
		value, id, err := o.position(cursor)
		if err != nil {
			return err
		}
		q.add(fmt.Sprintf(` AND (i.%s, i.id) %s (?, ?)`, o.name, beyond), value, id)
	}
	q.add(fmt.Sprintf(` ORDER BY i.%s%s, i.id%[2]s`, o.name, direction))
	return nil
}

// after is the cursor of the page after i. It names the order, too, so that it
// is refused with another one.
func (o order) after(i toygres.Instance) string {
	if o.newest() {
		return cursor{i.CreatedAt, string(i.ID)}.encode(instanceList)
	}
	id := uuid.MustParse(string(i.ID))
	raw := append(append([]byte{sortedList, o.code()}, id[:]...), o.of(i)...)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func (o order) code() byte {
	if o.descending {
		return o.number | 1<<7
	}
	return o.number
}

func (o order) position(text string) (value any, id string, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) < 18 || raw[0] != sortedList || raw[1] != o.code() {
		return nil, "", badCursor()
	}
	value, ok := o.read(string(raw[18:]))
	if !ok {
		return nil, "", badCursor()
	}
	return value, uuid.UUID(raw[2:18]).String(), nil
}

func readTime(text string) (any, bool) {
	micros, err := strconv.ParseInt(text, 10, 64)
	at := time.UnixMicro(micros)
	return at, err == nil && at.Year() >= 2000 && at.Year() <= 9999
}

func readText(text string) (any, bool) {
	return text, utf8.ValidString(text) && !strings.ContainsRune(text, 0)
}

func readNumber(text string) (any, bool) {
	n, err := strconv.ParseInt(text, 10, 32)
	return n, err == nil
}
