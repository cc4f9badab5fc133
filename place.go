package toygres

import "context"

// Place is one of those that there are for operations that make instances.
type Place struct {
	Taken  bool
	Before int // how many get theirs before it, while it is not taken
}

type backgroundKey struct{}

// InBackground marks work that nobody watches, such as that of a batch: where
// it would be in the way of other work, it steps back.
func InBackground(ctx context.Context) context.Context {
	return context.WithValue(ctx, backgroundKey{}, true)
}

// IsInBackground reports whether ctx is that of such work.
func IsInBackground(ctx context.Context) bool { return ctx.Value(backgroundKey{}) != nil }
