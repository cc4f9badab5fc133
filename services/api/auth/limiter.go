package auth

import (
	"math"
	"sync"
	"time"

	"github.com/toygres/toygres"
)

// Limits say how many failed sign-ins are borne. Successful ones are not
// counted.
type Limits struct {
	PerUser   int // tries a minute for one user name
	PerClient int // tries a minute from one address
}

// DefaultLimits let a person mistype and stop a program that guesses.
var DefaultLimits = Limits{PerUser: 10, PerClient: 30}

// Limiter counts tries in memory: each process counts for itself, so several
// API servers let through as many times more.
type Limiter struct {
	limits Limits
	now    func() time.Time

	mu        sync.Mutex
	buckets   map[string]*bucket
	nextSweep time.Time
}

// bucket holds the tries that are left. It fills up over a minute.
type bucket struct {
	left float64
	at   time.Time
	most float64
}

const window = time.Minute

// NewLimiter returns a limiter with nothing counted yet.
func NewLimiter(limits Limits) *Limiter {
	return &Limiter{limits: limits, now: time.Now, buckets: map[string]*bucket{}}
}

// Take counts one try of the user from the client. CodeRateLimited says that
// there were too many, and when to come back; the try is not counted then.
func (l *Limiter) Take(user, client string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.sweep(now)
	byUser, byClient := l.bucket("user "+user, l.limits.PerUser, now), l.bucket("client "+client, l.limits.PerClient, now)
	for _, b := range []*bucket{byUser, byClient} {
		if b.left < 1 {
			wait := time.Duration(math.Ceil((1 - b.left) * float64(window) / b.most))
			return &toygres.Error{Code: toygres.CodeRateLimited, RetryAfter: wait,
				Message: "too many failed sign-ins; wait a little and try again"}
		}
	}
	byUser.left--
	byClient.left--
	return nil
}

// Return gives a try back that turned out to be a good one.
func (l *Limiter) Return(user, client string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, b := range []*bucket{l.bucket("user "+user, l.limits.PerUser, now), l.bucket("client "+client, l.limits.PerClient, now)} {
		b.left = min(b.left+1, b.most)
	}
}

func (l *Limiter) bucket(key string, most int, now time.Time) *bucket {
	b, ok := l.buckets[key]
	if !ok {
		b = &bucket{left: float64(most), at: now, most: float64(most)}
		l.buckets[key] = b
	}
	b.left = min(b.left+now.Sub(b.at).Seconds()/window.Seconds()*b.most, b.most)
	b.at = now
	return b
}

// sweep forgets who has not tried for a while, so that invented names do not
// fill the memory.
func (l *Limiter) sweep(now time.Time) {
	if now.Before(l.nextSweep) {
		return
	}
	l.nextSweep = now.Add(window)
	for key, b := range l.buckets {
		if now.Sub(b.at) > window {
			delete(l.buckets, key)
		}
	}
}
