package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

const (
	sqlitePlugin       = sqliteplugin.PluginName
	mainDatabase       = "temporal"
	visibilityDatabase = "temporal_visibility"
)

// prepareStore creates the databases that are missing and brings their schema up to date.
func prepareStore(ctx context.Context, o options, logger log.Logger) (config.DataStore, error) {
	if o.sqlite != "" {
		store := sqliteStore(o.sqlite)
		return store, prepareSQLite(o.sqlite, store.SQL)
	}
	store, err := postgresStore(o.postgres)
	if err != nil {
		return config.DataStore{}, err
	}
	for name, directory := range map[string]string{
		mainDatabase:       "postgresql/v12/temporal",
		visibilityDatabase: "postgresql/v12/visibility",
	} {
		database := *store.SQL
		database.DatabaseName = name
		if err := preparePostgres(ctx, o.postgres, &database, directory, logger); err != nil {
			return config.DataStore{}, fmt.Errorf("database %s: %w", name, err)
		}
	}
	return store, nil
}

func sqliteStore(file string) config.DataStore {
	return config.DataStore{SQL: &config.SQL{
		PluginName:   sqlitePlugin,
		DatabaseName: file,
		ConnectAttributes: map[string]string{
			// Write-ahead log, and synced at every commit: what Temporal has acknowledged survives a power cut.
			"mode": "rwc", "journal_mode": "wal", "synchronous": "full", "busy_timeout": "10000",
		},
	}}
}

// prepareSQLite gives a new file its schema, by way of a temporary name so that a crash leaves no half of it.
func prepareSQLite(file string, cfg *config.SQL) error {
	if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	fresh := *cfg
	fresh.DatabaseName = file + ".new"
	fresh.ConnectAttributes = map[string]string{"mode": "rwc"}
	if err := os.RemoveAll(fresh.DatabaseName); err != nil {
		return err
	}
	if err := sqliteschema.SetupSchema(&fresh); err != nil {
		return err
	}
	return os.Rename(fresh.DatabaseName, file)
}

func postgresStore(url string) (config.DataStore, error) {
	server, err := pgx.ParseConfig(url) // it also looks up the password in the passfile
	if err != nil {
		return config.DataStore{}, err
	}
	return config.DataStore{SQL: &config.SQL{
		PluginName:      postgresql.PluginNamePGX,
		User:            server.User,
		Password:        server.Password,
		ConnectAddr:     net.JoinHostPort(server.Host, strconv.Itoa(int(server.Port))),
		ConnectProtocol: "tcp",
		DatabaseName:    mainDatabase,
		MaxConns:        10,
		MaxIdleConns:    10,
		MaxConnLifetime: time.Hour,
	}}, nil
}

func preparePostgres(ctx context.Context, url string, cfg *config.SQL, directory string, logger log.Logger) error {
	if err := createDatabase(ctx, url, cfg.DatabaseName); err != nil {
		return err
	}
	versioned, err := hasSchemaVersion(ctx, url, cfg.DatabaseName)
	if err != nil {
		return err
	}
	db, err := sql.NewConnection(cfg, logger)
	if err != nil {
		return err
	}
	defer db.Close()
	if !versioned {
		if err := schema.NewSetupSchemaTask(db, &schema.SetupConfig{InitialVersion: "0.0"}, logger).Run(); err != nil {
			return err
		}
	}
	return schema.NewUpdateSchemaTask(db, &schema.UpdateConfig{SchemaName: directory}, logger).Run()
}

func createDatabase(ctx context.Context, url, name string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	return err
}

func hasSchemaVersion(ctx context.Context, url, database string) (has bool, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return false, err
	}
	cfg.Database = database
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close(ctx) }()
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_tables WHERE tablename = 'schema_version')").Scan(&has)
	return has, err
}
