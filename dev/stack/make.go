package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/toygres/toygres/dev/stack/build"
	"github.com/toygres/toygres/dev/stack/cache"
	"github.com/toygres/toygres/dev/stack/postgres"
	"github.com/toygres/toygres/dev/stack/progress"
)

// buildOnly is the command build.
func buildOnly(ctx context.Context, c config, args []string) error {
	if err := noArguments(args); err != nil {
		return err
	}
	p := progress.New(os.Stdout)
	return c.build(ctx, p)
}

// build makes everything that the stack runs and notes where it is. What does not depend on each other is made side by
// side.
func (c *config) build(ctx context.Context, p *progress.Printer) error {
	nodeVersion, err := build.CheckTools(ctx)
	if err != nil {
		return err
	}
	b := build.Builder{Project: c.Project, Cache: c.Cache, Logs: c.logs()}
	if err := os.MkdirAll(b.Bin(), 0o755); err != nil {
		return err
	}
	unlock, err := cache.Lock(ctx, filepath.Join(b.Bin(), ".build.lock")) // one build at a time in a checkout
	if err != nil {
		return err
	}
	defer unlock()

	p.Title("Building Toygres")
	return together(ctx,
		func(ctx context.Context) error { return c.fetchAll(ctx, p) },
		func(ctx context.Context) error {
			return p.Step(ctx, "temporal", "compiling the server, once (several minutes)", func(ctx context.Context) (done string, err error) {
				_, cached, err := b.TemporalCached(ctx)
				if err != nil {
					return "", err
				}
				c.Temporal, err = b.Temporal(ctx)
				return made(!cached), err
			})
		},
		func(ctx context.Context) error {
			err := p.Step(ctx, "web UI", "building", func(ctx context.Context) (string, error) {
				built, err := b.UI(ctx, nodeVersion)
				return made(built), err
			})
			if err != nil {
				return err
			}
			return p.Step(ctx, "programs", "compiling", func(ctx context.Context) (string, error) {
				return "built", b.Programs(ctx) // the API has the UI in it
			})
		},
	)
}

func made(now bool) string {
	if now {
		return "built"
	}
	return "nothing has changed"
}

func (c *config) fetchAll(ctx context.Context, p *progress.Printer) error {
	c.Postgres = nil
	for _, major := range postgres.Majors() {
		cached := postgres.Cached(c.Cache, major)
		fetch := func(ctx context.Context) (string, error) {
			prefix, err := postgres.Fetch(ctx, c.Cache, major)
			c.Postgres = append(c.Postgres, prefix)
			return "fetched", err
		}
		if cached { // four times nothing is not worth a line each
			if _, err := fetch(ctx); err != nil {
				return err
			}
			continue
		}
		if err := p.Step(ctx, fmt.Sprintf("PostgreSQL %d", major), "fetching", fetch); err != nil {
			return err
		}
	}
	return nil
}

// fetchPostgres is the command postgres.
func fetchPostgres(ctx context.Context, c config, args []string) error {
	if len(args) > 1 || len(args) == 1 && args[0] != "--print" {
		return errors.New("postgres takes no argument but --print")
	}
	prefixes, err := postgres.FetchAll(ctx, c.Cache)
	if err != nil {
		return err
	}
	fmt.Println(strings.Join(prefixes, ":"))
	return nil
}

// together runs functions side by side and returns the first error, which cancels the others.
func together(ctx context.Context, functions ...func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, f := range functions {
		all.Go(func() {
			if err := f(ctx); err != nil {
				cancel(err) // only the first one counts
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
