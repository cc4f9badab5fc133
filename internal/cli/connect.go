package cli

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/toygres/toygres/openapi"
)

func (a *app) connectCommand() *cobra.Command {
	var onlyURL, onlyCA, showPassword bool
	cmd := &cobra.Command{
		Use:     "connect NAME",
		GroupID: groupInstances,
		Short:   "Show how to connect to an instance",
		Long: `Shows how to connect to an instance. The password is fetched only when it is
asked for, and the instance's events tell who did.`,
		Example: `  toygres connect mydb
  psql "$(toygres connect mydb --url)"
  toygres connect mydb --ca >ca.pem   # for sslmode=verify-full sslrootcert=ca.pem`,
		Args:              exactly(instanceName),
		ValidArgsFunction: a.completeNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			if onlyURL && a.output != formatTable {
				return usagef("--url prints nothing but the URL; leave out one of --url and --output")
			}
			if onlyCA && a.output != formatTable {
				return usagef("--ca prints nothing but the certificate; leave out one of --ca and --output")
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			if onlyURL {
				connection, err := reveal(cmd.Context(), c, args[0])
				if err != nil {
					return err
				}
				return a.printf("%s\n", connection.Url)
			}
			connection, err := decode[openapi.Connection](c.GetConnection(cmd.Context(), args[0]))
			if err == nil && showPassword {
				connection, err = reveal(cmd.Context(), c, args[0])
			}
			if err != nil {
				return err
			}
			if onlyCA {
				if text(connection.CaCertificate) == "" {
					return &failure{code: exitConflict, message: "the server of " + strconv.Quote(args[0]) + " has no certificate to verify: it is reached in clear"}
				}
				return a.printf("%s", *connection.CaCertificate)
			}
			return a.print(connection, func(out io.Writer) {
				fields(out, "Host", connection.Host, "Port", strconv.Itoa(connection.Port), "User", connection.Username,
					"Password", text(connection.Password), "Database", connection.Database, "SSL mode", connection.Sslmode,
					"psql", psqlLine(connection))
				if !showPassword {
					a.hintf("With the password: `toygres connect %s --show-password`; directly: `toygres psql %s`.", args[0], args[0])
				}
			})
		},
	}
	cmd.Flags().BoolVar(&onlyURL, "url", false, "print the connection URL with its password, and nothing else")
	cmd.Flags().BoolVar(&onlyCA, "ca", false, "print the certificate of the authority that signed the server's, and nothing else")
	cmd.MarkFlagsMutuallyExclusive("url", "ca")
	cmd.Flags().BoolVar(&showPassword, "show-password", false, "fetch and show the password too")
	return cmd
}

// reveal fetches the connection with its password and checks that the URL is
// one line that a script can take as it is.
func reveal(ctx context.Context, c *client, name string) (*openapi.Connection, error) {
	connection, err := decode[openapi.Connection](c.RevealConnection(ctx, name))
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(connection.Url)
	if err != nil || u.Host == "" || clean(connection.Url) != connection.Url {
		return nil, &failure{code: exitFailure, message: "the server gave a connection URL that is not one"}
	}
	return connection, nil
}

// psqlLine is a command for a person's shell, without the password: psql
// asks for it.
func psqlLine(c *openapi.Connection) string {
	var words []string
	for _, pair := range [][2]string{{"host", c.Host}, {"port", strconv.Itoa(c.Port)}, {"user", c.Username},
		{"dbname", c.Database}, {"sslmode", c.Sslmode}} {
		words = append(words, pair[0]+"="+conninfoValue(pair[1]))
	}
	return "psql " + shellWord(strings.Join(words, " "))
}

// conninfoValue quotes a value of a connection string where that is needed.
func conninfoValue(value string) string {
	if value != "" && strings.Trim(value, plainCharacters) == "" {
		return value
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

// shellWord quotes a text for a POSIX shell.
func shellWord(word string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(word, "'", `'\''`))
}
