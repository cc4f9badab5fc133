package telemetry_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/toygres/toygres/internal/telemetry"
)

func TestLogLinesNameTheirTrace(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log, err := telemetry.NewLogger(&out, "info")
	require.NoError(t, err)
	ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}}))
	log.DebugContext(ctx, "too quiet")
	log.With("part", "api").InfoContext(ctx, "hello")
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, "hello", line["msg"])
	require.Equal(t, "api", line["part"])
	require.Equal(t, "01000000000000000000000000000000", line["trace_id"])

	out.Reset()
	log.Info("no trace")
	require.NotContains(t, out.String(), "trace_id")
}

func TestUnknownLogLevelIsRefused(t *testing.T) {
	t.Parallel()
	_, err := telemetry.NewLogger(&bytes.Buffer{}, "loud")
	require.ErrorContains(t, err, "debug, info, warn, error")
}

func TestNothingIsTracedWithoutAnEndpoint(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "")
	log, err := telemetry.NewLogger(&bytes.Buffer{}, "info")
	require.NoError(t, err)
	tracing, err := telemetry.StartTracing(t.Context(), "test", "dev", log)
	require.NoError(t, err)
	require.False(t, tracing.Enabled)
	interceptors, err := tracing.Interceptors()
	require.NoError(t, err)
	require.Empty(t, interceptors)
	require.NoError(t, tracing.Shutdown(t.Context()))
}
