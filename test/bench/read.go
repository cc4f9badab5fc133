package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/labstack/echo/v4"

	"github.com/toygres/toygres/dev/stacktest"
	"github.com/toygres/toygres/internal/catalog"
)

const (
	rows        = 10_000
	pageSize    = 50
	readers     = 4   // clients at once: twice the cores of the machine we build on
	blockSize   = 250 // requests before the other side's turn, so that both see the same weather
	readTarget  = 2.0
	sampledName = "bench-5000"
)

// benchRead compares the API with a bare echo handler, in a process of its
// own, that runs the same SQL on the same catalog and writes the rows as JSON:
// no authentication, no contract, no log, no metrics. Both once more while a batch of
// 500 creates runs.
func benchRead(ctx context.Context, s settings) ([]figure, error) {
	stack, err := batchStack(ctx)
	if err != nil {
		return nil, err
	}
	defer stack.Clean()
	if err := seed(ctx, stack.CatalogURL); err != nil {
		return nil, fmt.Errorf("seed the catalog: %w", err)
	}
	bare, stop, err := startBare(ctx, stack.CatalogURL)
	if err != nil {
		return nil, err
	}
	defer stop()

	figures, err := readFigures(ctx, s, stack, bare, "")
	if err != nil {
		return nil, err
	}
	_, err = during(ctx, stack, func() error {
		loaded, err := readFigures(ctx, s, stack, bare, " in a batch")
		figures = append(figures, loaded...)
		return err
	})
	return figures, err
}

func readFigures(ctx context.Context, s settings, stack *stacktest.Stack, bare, when string) (figures []figure, err error) {
	for _, endpoint := range []struct{ name, path string }{
		{"get instance p99", "/api/instances/" + sampledName},
		{"page of 50 of 10,000 p99", fmt.Sprintf("/api/instances?limit=%d", pageSize)},
	} {
		ours, floor, err := race(ctx, s.requests, request{stack.URL + endpoint.path, stack.Token}, request{bare + endpoint.path, ""})
		if err != nil {
			return nil, err
		}
		figures = append(figures, figure{
			name: endpoint.name + when, target: readTarget,
			value: quantile(ours, 0.99).Seconds(), floor: quantile(floor, 0.99).Seconds(),
			detail: fmt.Sprintf("API %s, bare echo %s (medians %s, %s; %d clients)", millis(quantile(ours, 0.99)),
				millis(quantile(floor, 0.99)), millis(median(ours)), millis(median(floor)), readers),
		})
	}
	return figures, nil
}

// seed adds instances that exist in the catalog only, in one statement.
func seed(ctx context.Context, catalogURL string) error {
	conn, err := pgx.Connect(ctx, catalogURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, `
INSERT INTO instances (id, name, owner_id, version, cpu_millis, memory_mib, storage_gib, image_type, provider, state,
                       endpoint_host, endpoint_port, server_version, created_at)
SELECT gen_random_uuid(), 'bench-' || n, (SELECT id FROM users LIMIT 1), 18, 1000, 1024, 10, 'stock', 'local', 'stopped',
       '127.0.0.1', 20000 + n, '18.4', now() - make_interval(secs => n)
FROM generate_series(1, $1::int) n`, rows)
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "VACUUM ANALYZE instances")
	return err
}

type request struct{ url, token string }

// race sends n requests to each side in alternating blocks and returns the
// latencies. The first block of each is not counted: it opens connections.
func race(ctx context.Context, n int, a, b request) (as, bs []time.Duration, err error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: readers}, Timeout: 30 * time.Second}
	for sent := 0; sent <= n; sent += blockSize {
		for _, side := range []struct {
			request
			samples *[]time.Duration
		}{{a, &as}, {b, &bs}} {
			took, err := block(ctx, client, side.request)
			if err != nil {
				return nil, nil, err
			}
			if sent > 0 {
				*side.samples = append(*side.samples, took...)
			}
		}
	}
	return as, bs, nil
}

func block(ctx context.Context, client *http.Client, r request) ([]time.Duration, error) {
	took := make([]time.Duration, blockSize)
	failures := make([]error, readers)
	var readersDone sync.WaitGroup
	for reader := range readers {
		readersDone.Go(func() {
			for i := reader; i < blockSize; i += readers {
				started := time.Now()
				if err := get(ctx, client, r); err != nil {
					failures[reader] = err
					return
				}
				took[i] = time.Since(started)
			}
		})
	}
	readersDone.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return took, nil
}

func get(ctx context.Context, client *http.Client, r request) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return err
	}
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "bench-") {
		return fmt.Errorf("GET %s: %s: %.200s", r.url, resp.Status, body)
	}
	return nil
}

// bareArgument makes this program the bare echo server; its catalog is in
// bareCatalog and it prints its address.
const (
	bareArgument = "bare-echo"
	bareCatalog  = "BENCH_CATALOG_URL"
)

func startBare(ctx context.Context, catalogURL string) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, bareArgument)
	cmd.Env = append(os.Environ(), bareCatalog+"="+catalogURL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if _, err := fmt.Fscanln(out, &url); err != nil {
		stop()
		return "", nil, fmt.Errorf("the bare server did not start: %w", err)
	}
	return url, stop, nil
}

func serveBare() error {
	ctx := context.Background()
	config, err := pgxpool.ParseConfig(os.Getenv(bareCatalog))
	if err != nil {
		return err
	}
	config.MaxConns = 16 // the API's
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.GET("/api/instances/:name", func(c echo.Context) error {
		found, err := pool.Query(c.Request().Context(), catalog.InstanceSQL, c.Param("name"))
		if err != nil {
			return err
		}
		instance, err := pgx.CollectOneRow(found, catalog.ScanInstance)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, instance)
	})
	e.GET("/api/instances", func(c echo.Context) error {
		sql, args, err := catalog.InstanceFilter{Limit: pageSize}.SQL()
		if err != nil {
			return err
		}
		found, err := pool.Query(c.Request().Context(), sql, args...)
		if err != nil {
			return err
		}
		instances, err := pgx.CollectRows(found, catalog.ScanInstance)
		if err != nil {
			return err
		}
		return c.JSON(http.StatusOK, instances)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", listener.Addr())
	return http.Serve(listener, e) //nolint:gosec // a floor has no time-outs
}
