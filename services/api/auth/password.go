package auth

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"

	"github.com/toygres/toygres"
)

// MaxPasswordLength bounds what is hashed, in bytes.
const MaxPasswordLength = 1000

// MinPasswordLength is what an administrator's password must have, in bytes.
const MinPasswordLength = 8

// strength is OWASP's recommendation for argon2id with the least memory.
var strength = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// decoy is checked when there is no such user, so that an answer takes as
// long as for a user who exists and says nothing about who does. Nobody knows
// its password.
const decoy = "$argon2id$v=19$m=19456,t=2,p=1$" + "dG95Z3Jlc2RlY295c2FsdA" + "$" + "q2V0b3lncmVzLW5vYm9keS1rbm93cy10aGlzLXB3ISE"

// hashingPatience is how long a request waits for its turn to hash.
const hashingPatience = 5 * time.Second

// Passwords hashes and checks passwords, few at a time: each takes memory and
// a core by design, and many at once would starve everything else.
type Passwords struct {
	turns    *semaphore.Weighted
	patience time.Duration
}

// NewPasswords returns Passwords that leave half of the cores to others.
func NewPasswords() *Passwords {
	return &Passwords{turns: semaphore.NewWeighted(int64(max(1, runtime.NumCPU()/2))), patience: hashingPatience}
}

// Hash returns the hash to store for a new password, in PHC form.
// CodeUnavailable says that too many others wait.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if len(password) < MinPasswordLength || len(password) > MaxPasswordLength {
		return "", toygres.Errorf(toygres.CodeInvalid, "the password must have %d to %d bytes", MinPasswordLength, MaxPasswordLength)
	}
	if err := p.takeTurn(ctx); err != nil {
		return "", err
	}
	defer p.turns.Release(1)
	hash, err := argon2id.CreateHash(password, strength)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return hash, nil
}

// Match reports whether hash is one of password. An empty hash stands for a
// user who does not exist or can't sign in: it takes as long as any other and
// never matches. CodeUnavailable says that too many others wait.
func (p *Passwords) Match(ctx context.Context, password, hash string) (bool, error) {
	if err := p.takeTurn(ctx); err != nil {
		return false, err
	}
	defer p.turns.Release(1)

	nobody := hash == ""
	if nobody {
		hash = decoy
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check a password hash: %w", err)
	}
	return match && !nobody, nil
}

// takeTurn waits for a turn to hash. Whoever has it gives it back.
func (p *Passwords) takeTurn(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	err := p.turns.Acquire(waiting, 1)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &toygres.Error{Code: toygres.CodeUnavailable, RetryAfter: hashingPatience, Err: err,
		Message: "too many passwords are checked just now; try again in a moment"}
}
