package builtin

import (
	"context"
	"flag"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/dev/postgrestest"
	"github.com/toygres/toygres/providers/local"
	"github.com/toygres/toygres/providers/providertest"
)

var update = flag.Bool("update", false, "write the table anew")

func TestTheTableIsWhatServersOfEachMajorSay(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	offer, err := p.Offer(t.Context())
	require.NoError(t, err)
	said := make([][]toygres.Parameter, len(offer.Versions))
	var servers errgroup.Group
	for i, major := range offer.Versions {
		servers.Go(func() (err error) {
			said[i], err = ask(t.Context(), p, major)
			return err
		})
	}
	require.NoError(t, servers.Wait())

	majors := map[string][]string{} // by the line without them
	for i, major := range offer.Versions {
		for _, parameter := range said[i] {
			line := format(nil, parameter)
			majors[line] = append(majors[line], strconv.Itoa(major))
		}
	}
	var lines strings.Builder
	for _, line := range slices.Sorted(maps.Keys(majors)) {
		_, parameter := parse(line)
		lines.WriteString(format(majors[line], parameter) + "\n")
	}
	if *update {
		require.NoError(t, os.WriteFile("parameters.tsv", []byte(lines.String()), 0o644))
		return
	}
	require.Equal(t, lines.String(), table, "if the change is wanted, run the test with -update")
}

func newProvider(t *testing.T) *local.Provider {
	dir, err := os.MkdirTemp("", "toygres-builtin-") // t.TempDir is out of reach for PostgreSQL's user
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	first, last := postgrestest.Ports(t)
	p, err := local.New(local.Config{Dir: filepath.Join(dir, "instances"), Prefixes: postgrestest.Prefixes(t),
		FirstPort: first, LastPort: last, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, p.Shutdown(ctx))
	})
	return p
}

// ask makes a server of that major and asks it.
func ask(ctx context.Context, p *local.Provider, major int) ([]toygres.Parameter, error) {
	id := toygres.InstanceID(uuid.NewString())
	if err := p.Provision(ctx, id, toygres.Spec{Name: "any", Version: major}.WithDefaults()); err != nil {
		return nil, err
	}
	seen, err := providertest.Await(ctx, p, id, toygres.PhaseReady)
	if err != nil {
		return nil, err
	}
	as, err := p.Credentials(ctx, id)
	if err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	config.Host, config.Port = seen.Endpoint.Host, uint16(seen.Endpoint.Port)
	config.User, config.Password, config.Database = as.User, as.Password, as.Database
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `
		SELECT name, context, vartype, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''), coalesce(enumvals, '{}'), category
		FROM pg_settings WHERE name NOT LIKE '%.%'`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p toygres.Parameter, err error) {
		return p, row.Scan(&p.Name, &p.Context, &p.Type, &p.Unit, &p.Min, &p.Max, &p.Enum, &p.Category)
	})
}
