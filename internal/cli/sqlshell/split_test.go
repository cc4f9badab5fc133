package sqlshell

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// split returns all complete statements, and the rest.
func split(sql string) (statements []string, rest string) {
	for {
		statement, after, ok := next(sql)
		if !ok {
			return statements, sql
		}
		statements, sql = append(statements, statement), after
	}
}

func TestOnlyASemicolonOfSQLEndsAStatement(t *testing.T) {
	t.Parallel()
	whole := []string{
		`SELECT 1;`,
		`SELECT ';';`,
		`SELECT 'it''s; fine';`,
		`SELECT 'back\';`, // standard strings know no backslash
		`SELECT E'it\'s; fine';`,
		`SELECT e'\\';`,
		`SELECT 1 AS "a;b""c;";`,
		`SELECT $$a;b$$;`,
		`SELECT $x$a;$$;b$x$;`,
		`SELECT $1;`,
		`SELECT a$b$ FROM t;`, // a dollar within a name
		`SELECT 1$a$;`,
		`SELECT $é$;$é$;`,
		"SELECT 1 -- not; here\n;",
		"SELECT 1 /* nor; /* here; */ nor; */;",
		`SELECT '--';`, `SELECT '/*';`, `SELECT "--";`, `SELECT $$--$$;`, `SELECT $$'$$;`,
		"-- it's\nSELECT 1;",
		`CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);`,
		`CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;`,
		`CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;`,
		`CREATE FUNCTION f() RETURNS int AS $$ begin; end $$ LANGUAGE plpgsql;`,
		`BEGIN;`, `END;`, `SELECT CASE WHEN true THEN 1 END;`,
		`SELECT ARRAY[1, 2][1];`,
		`SELECT 'Ü;ñ→';`,
		`;`,
	}
	for _, statement := range whole {
		got, rest := split(statement + " SELECT 2; tail")
		require.Equal(t, []string{statement, "SELECT 2;"}, got)
		require.Equal(t, " tail", rest)
	}
}

func TestAnOpenQuoteIsNotComplete(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"", "SELECT 1", "SELECT ';", `SELECT ";`, "SELECT $$;", "SELECT $a$; $b$", "SELECT 1 /* ;", "SELECT 1 -- ;",
		"SELECT (1;", `SELECT E'\';`, "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;", "SELECT /* /* ; */ ;", "SELECT $"} {
		statement, rest, ok := next(sql)
		require.False(t, ok, sql)
		require.Empty(t, statement)
		require.Equal(t, sql, rest)
	}
}

func TestBlankIsSpaceAndComments(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{"", " \n\t", "-- a", "/* a /* b */ */ -- c\n "} {
		require.True(t, blank(sql), sql)
	}
	for _, sql := range []string{"a", ";", "/* a", "-- a\n1", "'"} {
		require.False(t, blank(sql), sql)
	}
}

func FuzzSplittingLosesNothing(f *testing.F) {
	f.Add("SELECT $$;'$$; /* ; */ E'\\'")
	f.Fuzz(func(t *testing.T, sql string) {
		for {
			_, rest, ok := next(sql)
			if !ok {
				return
			}
			require.Less(t, len(rest), len(sql))
			sql = rest
		}
	})
}

func TestArgumentsAreThoseOfPsql(t *testing.T) {
	t.Parallel()
	o, err := ParseArguments([]string{"-Atqc", "SELECT 1", "--command=SELECT 2", "-X", "-v", "ON_ERROR_STOP=1"})
	require.NoError(t, err)
	require.Equal(t, Options{Commands: []string{"SELECT 1", "SELECT 2"}, Unaligned: true, TuplesOnly: true, Quiet: true, StopOnError: true}, o)
	for _, bad := range [][]string{{"-h", "elsewhere"}, {"postgres"}, {"-v", "x=1"}, {"-c", "a", "-f", "b"}, {"--help"}} {
		_, err := ParseArguments(bad)
		require.ErrorContains(t, err, "built-in SQL shell", bad)
	}
}
