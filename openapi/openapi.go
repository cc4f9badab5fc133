// Package openapi holds the REST contract, openapi.yaml, and what is
// generated from it: the types, the server's interface and the client.
package openapi

import _ "embed"

//go:generate env GOWORK=off go tool -modfile=../tools/go.mod oapi-codegen -config types.cfg.yaml openapi.yaml
//go:generate env GOWORK=off go tool -modfile=../tools/go.mod oapi-codegen -config server.cfg.yaml openapi.yaml
//go:generate env GOWORK=off go tool -modfile=../tools/go.mod oapi-codegen -config client.cfg.yaml openapi.yaml

// Document is the contract as it is written, in YAML.
//
//go:embed openapi.yaml
var Document []byte
