package catalog

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/toygres/toygres"
)

// cursor is the place after one row of a list that runs from the newest to
// the oldest. It names the row and not its number, so that rows which come or
// go elsewhere in the list neither repeat nor hide others.
type cursor struct {
	createdAt time.Time
	id        string
}

// The lists that have cursors. One list's cursor is refused by the other.
const (
	instanceList  = 'i'
	sortedList    = 's' // of instances, by something else than their age
	operationList = 'o'
	batchList     = 'b'
	findingList   = 'f'
	retentionList = 'r'
)

// encode makes the cursor opaque text, safe in a URL.
func (c cursor) encode(list byte) string {
	id := uuid.MustParse(c.id)
	raw := append([]byte{list}, id[:]...)
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.createdAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(raw)
}

// position returns the key after which a page starts, as statement arguments.
// Without a cursor it is one that is newer than all rows, so that one
// statement, and one plan, serves every page.
func position(text string, list byte) (createdAt pgtype.Timestamptz, id string, err error) {
	if text == "" {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, uuid.Max.String(), nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 25 || raw[0] != list {
		return createdAt, "", badCursor()
	}
	at := time.UnixMicro(int64(binary.BigEndian.Uint64(raw[17:])))
	if at.Year() < 2000 || at.Year() > 9999 { // also what PostgreSQL could not read
		return createdAt, "", badCursor()
	}
	return pgtype.Timestamptz{Time: at, Valid: true}, uuid.UUID(raw[1:17]).String(), nil
}

func badCursor() error {
	const message = "is not one that this list gave out; leave it out to start from the beginning"
	return &toygres.Error{Code: toygres.CodeInvalid, Message: "cursor " + message,
		Fields: []toygres.FieldError{{Field: "cursor", Rule: "cursor", Message: message}}}
}

// pageSize returns how many rows a page has: 50 unless asked, 200 at most.
func pageSize(limit int) int {
	if limit <= 0 {
		return 50
	}
	return min(limit, 200)
}
