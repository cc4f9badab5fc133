package catalog

import (
	"bytes"
	"context"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// IdempotencyKey marks a request that a client may repeat without asking for
// the thing twice. Keys belong to their user.
type IdempotencyKey struct {
	Key         string // 1 to 255 characters, chosen by the client
	RequestHash []byte // of the request, to tell a repeat from another one
}

func (k *IdempotencyKey) validate() error {
	if k == nil {
		return nil
	}
	if n := utf8.RuneCountInString(k.Key); n < 1 || n > 255 {
		return keyError("length", "must have 1 to 255 characters")
	}
	return nil
}

func keyError(rule, message string) error {
	return &toygres.Error{Code: toygres.CodeInvalid, Message: "Idempotency-Key " + message,
		Fields: []toygres.FieldError{{Field: "Idempotency-Key", Rule: rule, Message: message}}}
}

// replay returns what the first request under the key began. found is false
// when there is no such key any more.
func (s *Store) replay(ctx context.Context, owner toygres.UserID, key *IdempotencyKey) (_ Begun, found bool, err error) {
	type first struct {
		hash      []byte
		operation toygres.OperationID
	}
	f, found, err := one(ctx, s, func(row pgx.CollectableRow) (f first, err error) {
		return f, row.Scan(&f.hash, &f.operation)
	}, `SELECT request_hash, coalesce(operation_id::text, '') FROM idempotency_keys WHERE user_id = $1 AND key = $2`, owner, key.Key)
	if err != nil || !found {
		return Begun{}, false, err
	}
	if !bytes.Equal(f.hash, key.RequestHash) {
		return Begun{}, true, keyError("reused", "was used for another request before; use a new key for a new request")
	}
	operation, err := s.Operation(ctx, f.operation)
	if toygres.CodeOf(err) == toygres.CodeNotFound {
		return Begun{}, false, nil
	}
	if err != nil {
		return Begun{}, true, err
	}
	instance, err := s.InstanceByID(ctx, operation.InstanceID)
	return Begun{Instance: instance, Operation: operation, Replayed: true}, true, err
}
