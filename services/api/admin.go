package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/toygres/toygres"
	"github.com/toygres/toygres/internal/catalog"
	"github.com/toygres/toygres/services/api/auth"
)

// retryCatalog is the time between two looks for a catalog that can't be
// reached.
const retryCatalog = 500 * time.Millisecond

// migrate changes the catalog's schema and prints how it is afterwards.
//
// A catalog that can't be reached yet is waited for: where it starts at the same
// time, Kubernetes would try again only after a pause that doubles.
func migrate(ctx context.Context, args []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	patience := flags.Duration("wait", 0, "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 1 {
		return fmt.Errorf("migrate takes --wait and one of up, down, status\n\n%s", usage)
	}
	direction := catalog.MigrateUp
	if flags.NArg() == 1 {
		direction = catalog.Direction(flags.Arg(0))
	}
	c, err := readCatalogConfig()
	if err != nil {
		return err
	}
	migrations, err := catalog.Migrate(ctx, c.CatalogURL, direction)
	for until := time.Now().Add(*patience); toygres.CodeOf(err) == toygres.CodeUnavailable && time.Now().Before(until) && ctx.Err() == nil; {
		time.Sleep(retryCatalog)
		migrations, err = catalog.Migrate(ctx, c.CatalogURL, direction)
	}
	if err != nil {
		return err
	}
	for _, m := range migrations {
		state := "pending"
		switch {
		case m.Changed && m.AppliedAt.IsZero():
			state = "taken back now"
		case m.Changed:
			state = "applied now"
		case !m.AppliedAt.IsZero():
			state = "applied " + m.AppliedAt.UTC().Format("2006-01-02 15:04")
		}
		fmt.Fprintf(stdout, "%05d  %-40s %s\n", m.Version, m.Name, state)
	}
	return nil
}

// admin creates the administrator or sets the password. Sessions of that user
// end if the password is another one.
func admin(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("admin", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	username := flags.String("username", "admin", "")
	file := flags.String("password-file", "-", "")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return fmt.Errorf("admin takes --username and --password-file only\n\n%s", usage)
	}
	password, err := readPassword(*file, stdin)
	if err != nil {
		return err
	}
	c, err := readCatalogConfig()
	if err != nil {
		return err
	}
	store, err := catalog.Open(ctx, c.CatalogURL, catalog.Options{Application: "toygres-api admin", MaxConns: 1})
	if err != nil {
		return err
	}
	defer store.Close()
	hash, err := hashFor(ctx, store, *username, password)
	if err != nil {
		return err
	}
	user, err := store.PutAdmin(ctx, *username, hash)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "administrator %q is ready to sign in\n", user.Name)
	return nil
}

// hashFor keeps the stored hash if it is one of the password already, so that
// setting the same password again signs nobody out.
func hashFor(ctx context.Context, store *catalog.Store, username, password string) (string, error) {
	_, stored, err := store.UserForSignIn(ctx, username)
	if err != nil && toygres.CodeOf(err) != toygres.CodeNotFound {
		return "", err
	}
	passwords := auth.NewPasswords()
	same, err := passwords.Match(ctx, password, stored)
	if err != nil || same {
		return stored, err
	}
	return passwords.Hash(ctx, password)
}

// readPassword reads the first line of a file or of standard input. There is
// no flag for the password itself: arguments are visible to every process.
func readPassword(file string, stdin io.Reader) (string, error) {
	source := stdin
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		defer f.Close()
		source = f
	}
	data, err := io.ReadAll(io.LimitReader(source, 4*auth.MaxPasswordLength))
	if err != nil {
		return "", fmt.Errorf("read the password: %w", err)
	}
	password, _, _ := strings.Cut(string(data), "\n")
	password = strings.TrimSuffix(password, "\r")
	if password == "" {
		return "", errors.New("the password is empty; write it into the first line of the file or of standard input")
	}
	return password, nil
}
