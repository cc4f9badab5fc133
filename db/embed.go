// Package db holds the catalog's schema as goose migrations, embedded so that
// the program that needs a schema always carries it.
package db

import "embed"

// Migrations are the goose migrations, in the directory "migrations". Their
// numbers are the schema's versions. A released migration is never changed.
//
//go:embed migrations/*.sql
var Migrations embed.FS
