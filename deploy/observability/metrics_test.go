// Package observability_test checks the dashboard and the alerts against
// programs that run.
package observability_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/toygres/toygres/dev/stacktest"
)

// exported are the labels of every time series, by name, that a program shows
// after some ordinary work.
func exported(t *testing.T) map[string]map[string]bool {
	t.Helper()
	stack := stacktest.New(t)
	for _, args := range [][]string{{"create", "watched", "--wait"}, {"stop", "watched", "--wait"}, {"start", "watched", "--wait"},
		{"create", "brief", "--wait"}, {"delete", "brief", "--purge", "--yes", "--wait"}} {
		out, err := stack.CLI(t.Context(), args...).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	conn, err := pgx.Connect(t.Context(), stack.CatalogURL)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	// An operation that nobody ends.
	_, err = conn.Exec(t.Context(), `INSERT INTO operations (id, kind, instance_id, state, requested_by, previous_state)
		SELECT gen_random_uuid(), 'stop', id, 'running', owner_id, 'running' FROM instances WHERE name = 'watched'`)
	require.NoError(t, err)

	series := map[string]map[string]bool{}
	for _, url := range []string{stack.URL, stack.WorkerURL} {
		response, err := http.Get(url + "/metrics")
		require.NoError(t, err)
		defer response.Body.Close()
		require.Equal(t, http.StatusOK, response.StatusCode)
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			name, rest, labelled := strings.Cut(lines.Text(), "{")
			if strings.HasPrefix(name, "#") || name == "" {
				continue
			}
			if !labelled {
				name, _, _ = strings.Cut(name, " ")
			}
			if series[name] == nil {
				series[name] = map[string]bool{}
			}
			for _, label := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(rest, -1) {
				series[name][label[1]] = true
			}
		}
	}
	return series
}

// expressions are all PromQL expressions, by where they stand.
func expressions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	data, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(data, &dashboard))
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			require.NotContains(t, found, panel.Title+": "+target.Expr)
			found["panel "+panel.Title+": "+target.Expr] = target.Expr
		}
	}

	require.Greater(t, len(found), 15)

	data, err = os.ReadFile("alerts.yaml")
	require.NoError(t, err)
	var rules struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(data, &rules))
	for _, group := range rules.Groups {
		for _, rule := range group.Rules {
			require.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
			require.NotEmpty(t, rule.Annotations["description"], rule.Alert)
			found["alert "+rule.Alert] = rule.Expr
		}
	}
	return found
}

var (
	metricName = regexp.MustCompile(`\b(?:toygres|temporal|go|process)_[a-z0-9_]+`)
	grouping   = regexp.MustCompile(`\b(?:by|without) \(([a-z_, ]+)\)`)
	selector   = regexp.MustCompile(`\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-z_]+)\s*(?:=|!=|=~|!~)\s*"`)
)

// What Prometheus adds when it scrapes, and "le" of histograms.
var added = map[string]bool{"job": true, "instance": true, "namespace": true, "pod": true, "service": true, "le": true}

func TestDashboardAndAlertsNameMetricsThatAreExported(t *testing.T) {
	series := exported(t)
	for where, expression := range expressions(t) {
		names := metricName.FindAllString(expression, -1)
		require.NotEmpty(t, names, "%s names no metric", where)
		labels := map[string]bool{}
		for _, name := range names {
			require.Contains(t, series, name, "%s: there is no such metric", where)
			for label := range series[name] {
				labels[label] = true
			}
		}
		var used []string
		for _, group := range grouping.FindAllStringSubmatch(expression, -1) {
			used = append(used, strings.Split(strings.ReplaceAll(group[1], " ", ""), ",")...)
		}
		for _, braces := range selector.FindAllStringSubmatch(expression, -1) {
			for _, match := range labelName.FindAllStringSubmatch(braces[1], -1) {
				used = append(used, match[1])
			}
		}
		for _, label := range used {
			require.True(t, labels[label] || added[label], "%s: no metric in it has the label %s", where, label)
		}
	}
}
