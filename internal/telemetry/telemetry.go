// Package telemetry sets up what every Toygres process reports about itself:
// structured logs on standard error, and OpenTelemetry traces where an OTLP
// endpoint is configured.
package telemetry
