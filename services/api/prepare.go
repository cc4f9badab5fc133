package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/toygres/toygres/internal/telemetry"
	"github.com/toygres/toygres/internal/temporal"
	"github.com/toygres/toygres/workflows"
)

// prepareTime bounds waiting for a Temporal that starts beside us.
const prepareTime = 5 * time.Minute

// prepareTemporal makes the namespace and the search attributes that are
// missing.
func prepareTemporal(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		return errors.New("temporal takes no arguments; it is configured by the environment")
	}
	c, err := read[temporal.Config]()
	if err != nil {
		return err
	}
	log, err := telemetry.NewLogger(stderr, slog.LevelError.String())
	if err != nil {
		return err
	}
	opened, err := c.Open(temporal.Options{Identity: "toygres-api temporal", Log: log})
	if err != nil {
		return err
	}
	defer opened.Close()
	ctx, cancel := context.WithTimeout(ctx, prepareTime)
	defer cancel()
	err = temporal.Prepare(ctx, opened, c.Namespace, workflows.InstanceAttribute.GetName(), workflows.OperationAttribute.GetName())
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "namespace %q of Temporal is ready\n", c.Namespace)
	return nil
}

// checkTime bounds one question of check.
const checkTime = 10 * time.Second

// check asks programs whether they are ready, with all that they need.
// Images have no other client that could.
func check(ctx context.Context, urls []string, stdout io.Writer) error {
	if len(urls) == 0 {
		urls = []string{"http://127.0.0.1:8080"}
	}
	for _, url := range urls {
		if err := ready(ctx, url); err != nil {
			return fmt.Errorf("%s: %w", url, err)
		}
		fmt.Fprintln(stdout, url, "is ready")
	}
	return nil
}

func ready(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/readyz", nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Status string
		Parts  map[string]struct{ Status, Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("it is no program of Toygres that answers there (status %d)", response.StatusCode)
	}
	for _, name := range slices.Sorted(maps.Keys(answer.Parts)) {
		if part := answer.Parts[name]; part.Status != "ok" {
			return fmt.Errorf("%s: %s", name, part.Message)
		}
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(answer.Status)
	}
	return nil
}
