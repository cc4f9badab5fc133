package auth

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
)

// directory answers look-ups, after telling that one is on its way.
type directory struct {
	principal catalog.Principal
	err       error
	asked     int
	during    func()
}

func (d *directory) Principal(context.Context, catalog.Hash) (catalog.Principal, error) {
	d.asked++
	principal, err := d.principal, d.err
	if d.during != nil {
		d.during()
	}
	return principal, err
}

func TestLookUpIsRememberedForSeconds(t *testing.T) {
	t.Parallel()
	d := &directory{principal: catalog.Principal{User: toygres.User{Name: "ada"}}}
	a := NewAuthenticator(d)
	now := time.Now()
	a.now = func() time.Time { return now }
	for range 3 {
		p, err := a.Principal(t.Context(), catalog.Hash{1})
		require.NoError(t, err)
		require.Equal(t, "ada", p.User.Name)
	}
	require.Equal(t, 1, d.asked)
	now = now.Add(memory)
	_, err := a.Principal(t.Context(), catalog.Hash{1})
	require.NoError(t, err)
	require.Equal(t, 2, d.asked)
}

func TestLookUpIsNotRememberedPastItsEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	d := &directory{principal: catalog.Principal{ExpiresAt: now.Add(time.Second)}}
	a := NewAuthenticator(d)
	a.now = func() time.Time { return now }
	_, err := a.Principal(t.Context(), catalog.Hash{1})
	require.NoError(t, err)
	now = now.Add(time.Second)
	d.err = errors.New("over")
	_, err = a.Principal(t.Context(), catalog.Hash{1})
	require.Error(t, err)
}

func TestRevocationDuringALookUpIsNotOverlooked(t *testing.T) {
	t.Parallel()
	d := &directory{}
	a := NewAuthenticator(d)
	d.during = func() { a.Forget(catalog.Hash{1}) }
	_, err := a.Principal(t.Context(), catalog.Hash{1})
	require.NoError(t, err, "it was asked for before")
	d.during, d.err = nil, errors.New("revoked")
	_, err = a.Principal(t.Context(), catalog.Hash{1})
	require.Error(t, err)
}

func TestForgetAllForgets(t *testing.T) {
	t.Parallel()
	d := &directory{}
	a := NewAuthenticator(d)
	for i := range byte(3) {
		_, err := a.Principal(t.Context(), catalog.Hash{i})
		require.NoError(t, err)
	}
	a.ForgetAll()
	_, err := a.Principal(t.Context(), catalog.Hash{1})
	require.NoError(t, err)
	require.Equal(t, 4, d.asked)
}

func TestCredentialOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		authorization, cookie string
		want                  Credential
		ok                    bool
	}{
		"none":               {"", "", Credential{}, false},
		"cookie":             {"", "s3cret", Credential{"s3cret", true}, true},
		"token":              {"Bearer tgr_x", "", Credential{"tgr_x", false}, true},
		"scheme's case":      {"bearer tgr_x", "", Credential{"tgr_x", false}, true},
		"token before":       {"Bearer tgr_x", "s3cret", Credential{"tgr_x", false}, true},
		"another scheme":     {"Basic YTpi", "s3cret", Credential{"YTpi", false}, false},
		"scheme, no token":   {"Bearer ", "", Credential{}, false},
		"an empty cookie":    {"", "", Credential{}, false},
		"token, many spaces": {"Bearer   tgr_x ", "", Credential{"tgr_x", false}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			require.NoError(t, err)
			if test.authorization != "" {
				r.Header.Set("Authorization", test.authorization)
			}
			if test.cookie != "" {
				r.AddCookie(&http.Cookie{Name: CookieName, Value: test.cookie})
			}
			got, ok := CredentialOf(r)
			require.Equal(t, test.ok, ok)
			require.Equal(t, test.want, got)
		})
	}
}

func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		seen[NewSecret()] = true
	}
	require.Len(t, seen, 100)
	require.Regexp(t, `^tgr_[A-Za-z0-9_-]{43}$`, NewToken())
}

func TestPasswordMatchesOnlyItsHash(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	hash, err := p.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	for password, want := range map[string]bool{"correct horse": true, "wrong horse": false, "": false} {
		match, err := p.Match(t.Context(), password, hash)
		require.NoError(t, err)
		require.Equal(t, want, match)
	}
	match, err := p.Match(t.Context(), "anything", "")
	require.NoError(t, err, "the decoy must be a real hash")
	require.False(t, match)
	_, err = p.Hash(t.Context(), "short")
	require.Equal(t, toygres.CodeInvalid, toygres.CodeOf(err))
}

func TestDecoyIsAsHardAsARealHash(t *testing.T) {
	t.Parallel()
	hash, err := NewPasswords().Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.Equal(t, hash[:len("$argon2id$v=19$m=19456,t=2,p=1$")], decoy[:len("$argon2id$v=19$m=19456,t=2,p=1$")])
	require.Len(t, decoy, len(hash))
}

func TestHashingWaitsItsTurnOnlySoLong(t *testing.T) {
	t.Parallel()
	p := NewPasswords()
	for p.turns.TryAcquire(1) { // everybody else hashes
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.patience = time.Millisecond
	for name, work := range map[string]func(context.Context) error{
		"check":  func(ctx context.Context) error { _, err := p.Match(ctx, "x", ""); return err },
		"change": func(ctx context.Context) error { _, err := p.Hash(ctx, "long enough"); return err },
	} {
		require.ErrorIs(t, work(ctx), context.Canceled, name)
		require.Equal(t, toygres.CodeUnavailable, toygres.CodeOf(work(t.Context())), name)
	}
}

func TestFailuresAreCountedForAllThatOneClientHas(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7": "192.0.2.7", "::ffff:192.0.2.7": "192.0.2.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "": "", "a socket": "a socket",
	} {
		require.Equal(t, want, SourceOf(address))
	}
}
