package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/toygres/toygres"
)

// Loading is what a server is to take up.
type Loading struct {
	Mark    string   // of the configuration
	Changed []string // the parameters of which to tell
}

// Loaded says which of them a server has not taken up.
type Loaded struct {
	Pending []string // they need a restart
	Refused []string // their values are not allowed
}

// refused is the error for values that the server does not allow, nil for none.
func (l Loaded) refused() error {
	if len(l.Refused) == 0 {
		return nil
	}
	message := fmt.Sprintf("PostgreSQL refuses the value of %s", strings.Join(l.Refused, ", "))
	err := &toygres.Error{Code: toygres.CodeInvalid, Message: message + "; its log says why"}
	for _, name := range l.Refused {
		err.Fields = append(err.Fields, toygres.FieldError{Field: "parameters." + name, Rule: "server", Message: "is refused by the server"})
	}
	return err
}

// lookAgain is the pause between two looks at what a server says of itself,
// which nothing tells.
const lookAgain = 50 * time.Millisecond

// load makes the server read its files once the mark is in them, and waits until
// it has done so.
func load(ctx context.Context, endpoint toygres.Endpoint, credentials toygres.Credentials, what Loading) (Loaded, error) {
	config, err := AsClient(endpoint, credentials)
	if err != nil {
		return Loaded{}, err
	}
	config.ConnectTimeout = connectTimeout
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return Loaded{}, unreachable(endpoint, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	loaded, err := reload(ctx, conn, what)
	if err != nil {
		return Loaded{}, unreachable(endpoint, err)
	}
	return loaded, nil
}

func reload(ctx context.Context, conn *pgx.Conn, what Loading) (loaded Loaded, err error) {
	if err := awaitMark(ctx, conn, what.Mark, `SELECT setting FROM pg_file_settings WHERE name = $1 ORDER BY seqno DESC LIMIT 1`); err != nil {
		return loaded, err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_reload_conf()`); err != nil {
		return loaded, err
	}
	if err := awaitMark(ctx, conn, what.Mark, `SELECT coalesce(current_setting($1, true), '')`); err != nil {
		return loaded, err
	}
	// To look at the files also notes what in them needs a restart.
	wrong, err := names(ctx, conn, `SELECT name FROM pg_file_settings WHERE error IS NOT NULL AND name = ANY ($1) ORDER BY name`, what.Changed)
	if err != nil {
		return loaded, err
	}
	loaded.Pending, err = names(ctx, conn, `SELECT name FROM pg_settings WHERE pending_restart AND name = ANY ($1) ORDER BY name`, what.Changed)
	loaded.Refused = slices.DeleteFunc(wrong, func(name string) bool { return slices.Contains(loaded.Pending, name) })
	return loaded, err
}

func awaitMark(ctx context.Context, conn *pgx.Conn, mark, query string) error {
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		found, err := names(ctx, conn, query, toygres.ConfigurationMark)
		if err != nil || len(found) == 1 && found[0] == mark {
			return err
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func names(ctx context.Context, conn *pgx.Conn, query string, arg any) ([]string, error) {
	rows, err := conn.Query(ctx, query, arg)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
