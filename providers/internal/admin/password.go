package admin

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/toygres/toygres"
)

// NewPassword returns a password of 160 random bits.
func NewPassword() string {
	secret := make([]byte, 20)
	_, _ = rand.Read(secret) // never fails
	return hex.EncodeToString(secret)
}

// SignsIn asks the server whether as holds. An error says that it can't be
// asked now.
func SignsIn(ctx context.Context, at toygres.Endpoint, as toygres.Credentials) (bool, error) {
	conn, err := connect(ctx, at, as, quiet)
	if wrongPassword(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	hangUp(ctx, conn)
	return true, nil
}

// ErrRefused is in the chain of an error after which the password is surely the
// one from before, unless somebody else changes it at the same time: the server
// has refused to change it.
var ErrRefused = errors.New("the server refuses to change the password")

// ChangePassword makes next the password on the server, whose present one is
// that of as or, after a call that was interrupted, next already. Sessions go
// on. When it returns nil, next signs in. After an error, but for [ErrRefused],
// either of the two may: [SignsIn] tells.
func ChangePassword(ctx context.Context, at toygres.Endpoint, as toygres.Credentials, next string) error {
	becomes := as
	becomes.Password = next
	if done, err := SignsIn(ctx, at, becomes); done || err != nil {
		return err
	}
	conn, err := connect(ctx, at, as, quiet)
	if wrongPassword(err) {
		if done, _ := SignsIn(ctx, at, becomes); done {
			return nil // somebody was faster
		}
		return &toygres.Error{Code: toygres.CodeConflict, Err: err, Message: fmt.Sprintf(
			"the role %s does not sign in with the password that Toygres keeps: somebody has changed it on the server; set the password that is shown with ALTER ROLE, then try again", as.User)}
	}
	if err != nil {
		return err
	}
	defer hangUp(ctx, conn)
	statement, err := SetPassword(as.User, next)
	if err != nil {
		return err
	}
	// Two that change a role at once make the second one fail.
	_, err = conn.Exec(ctx, fmt.Sprintf("SELECT pg_advisory_lock(%d); %s", changing, statement)).ReadAll()
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && refused.Severity == "ERROR":
		return &toygres.Error{Code: toygres.CodeProvider, Message: "the server refuses to change the password: " + refused.Message, Err: errors.Join(ErrRefused, err)}
	case err != nil:
		return &toygres.Error{Code: toygres.CodeUnavailable, Message: "the connection to the server was lost while the password was changed", Err: err}
	}
	switch done, err := SignsIn(ctx, at, becomes); {
	case err != nil:
		return err
	case !done:
		return toygres.Errorf(toygres.CodeProvider, "the server has changed the password and does not take the new one")
	}
	return nil
}

// changing is the advisory lock of those who change the password.
const changing = 7_074_810

// SetPassword is the statement that gives a role its password, and does not say
// it.
func SetPassword(role, password string) (string, error) {
	verifier, err := newVerifier(password)
	return fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", pgx.Identifier{role}.Sanitize(), verifier), err
}

// wrongPassword reports whether the server let us come as far as the password.
func wrongPassword(err error) bool {
	const invalidPassword = "28P01"
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == invalidPassword
}

// The parameters that PostgreSQL itself takes, see src/include/common/scram-common.h.
const (
	iterations = 4096
	saltLength = 16
)

// newVerifier is what PostgreSQL stores of a password for SCRAM-SHA-256 (RFC
// 5802 and 7677). Sent in the password's place it is stored as it is, so that
// the server never sees the password, nor does its log. The password has to be
// of characters that SASLprep leaves alone, as [NewPassword]'s are.
func newVerifier(password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	stored := sha256.Sum256(mac(salted, "Client Key"))
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", iterations, encode(salt), encode(stored[:]), encode(mac(salted, "Server Key"))), nil
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum(nil)
}
