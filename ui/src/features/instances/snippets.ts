import type { Schema } from '@/lib/api'
import { shellQuote } from '@/lib/shell'

type Connection = Schema<'Connection'>

/** A way to connect, written for one kind of client. */
export interface Snippet {
  key: string
  label: string
  text: string
  /** How its client comes by the password while that is hidden. */
  withoutPassword: string
}

const fromEnvironment = 'Its password is taken from the environment variable PGPASSWORD.'

/** The ways to connect to the instance called name. They hold the password when connection does. */
export function snippets(connection: Connection, name: string): Snippet[] {
  const c = { ...connection, ...verified(connection, name) }
  return [
    { key: 'psql', label: 'psql', text: psql(c), withoutPassword: 'psql asks for the password.' },
    {
      key: 'URL',
      label: 'URL',
      text: c.url,
      withoutPassword: 'Most clients take the password from PGPASSWORD then.',
    },
    {
      key: 'JDBC',
      label: 'JDBC',
      text: jdbc(c),
      withoutPassword: 'Give the password as a property of its own.',
    },
    { key: 'Go', label: 'Go', text: go(c), withoutPassword: fromEnvironment },
    { key: 'Node', label: 'Node.js', text: node(c), withoutPassword: fromEnvironment },
    { key: 'Python', label: 'Python', text: python(c), withoutPassword: fromEnvironment },
    { key: 'NET', label: '.NET', text: dotnet(c), withoutPassword: fromEnvironment },
    {
      key: 'env',
      label: '.env',
      text: environment(c),
      withoutPassword: 'Add PGPASSWORD, or give it in another way.',
    },
  ]
}

/** The name of the file with the authority that signed the server's certificate. */
export function authorityFile(name: string): string {
  return `${name}-ca.crt`
}

interface Verified {
  url: string
  sslmode: string
  authority: string | undefined
}

// With its authority at hand, a server is verified.
function verified({ ca_certificate, url, sslmode }: Connection, name: string): Verified {
  if (ca_certificate === undefined) return { url, sslmode, authority: undefined }
  const authority = authorityFile(name)
  const address = new URL(url)
  address.searchParams.set('sslmode', 'verify-full')
  address.searchParams.set('sslrootcert', authority)
  return { url: address.href, sslmode: 'verify-full', authority }
}

type Target = Connection & Verified

function psql({ url }: Target): string {
  return `psql ${shellQuote(url)}`
}

function jdbc(c: Target): string {
  const host = c.host.includes(':') ? `[${c.host}]` : c.host
  const properties = Object.entries({
    user: c.username,
    password: c.password,
    sslmode: c.sslmode,
    sslrootcert: c.authority,
  }).flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`]))
  return `jdbc:postgresql://${host}:${c.port}/${encodeURIComponent(c.database)}?${properties.join('&')}`
}

// A string of JSON is one of Go, JavaScript, Python and C# as well.
const literal = (text: string) => JSON.stringify(text)

function go({ url }: Target): string {
  return `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/jackc/pgx/v5"
)

func main() {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, ${literal(url)})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)

	var version string
	if err := conn.QueryRow(ctx, "SELECT version()").Scan(&version); err != nil {
		log.Fatal(err)
	}
	fmt.Println(version)
}`
}

function node(c: Target): string {
  const tls =
    c.authority !== undefined
      ? `{ ca: readFileSync(${literal(c.authority)}, "utf8") }`
      : c.sslmode === 'disable'
        ? undefined
        : '{ rejectUnauthorized: false }'
  return lines(
    c.authority !== undefined && 'import { readFileSync } from "node:fs";',
    'import pg from "pg";',
    '',
    'const client = new pg.Client({',
    `  host: ${literal(c.host)},`,
    `  port: ${c.port},`,
    `  user: ${literal(c.username)},`,
    c.password !== undefined && `  password: ${literal(c.password)},`,
    `  database: ${literal(c.database)},`,
    tls !== undefined && `  ssl: ${tls},`,
    '});',
    'await client.connect();',
    'const { rows } = await client.query("SELECT version()");',
    'console.log(rows[0].version);',
    'await client.end();',
  )
}

function python(c: Target): string {
  return lines(
    'import psycopg',
    '',
    'with psycopg.connect(',
    `    host=${literal(c.host)},`,
    `    port=${c.port},`,
    `    user=${literal(c.username)},`,
    c.password !== undefined && `    password=${literal(c.password)},`,
    `    dbname=${literal(c.database)},`,
    `    sslmode=${literal(c.sslmode)},`,
    c.authority !== undefined && `    sslrootcert=${literal(c.authority)},`,
    ') as connection:',
    '    print(connection.execute("SELECT version()").fetchone()[0])',
  )
}

const npgsqlModes: Record<string, string> = {
  disable: 'Disable',
  require: 'Require',
  'verify-full': 'VerifyFull',
}

function dotnet(c: Target): string {
  const settings = {
    Host: c.host,
    Port: String(c.port),
    Username: c.username,
    Password: c.password,
    Database: c.database,
    'SSL Mode': npgsqlModes[c.sslmode] ?? c.sslmode,
    'Root Certificate': c.authority,
  }
  const text = Object.entries(settings)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${connectionStringValue(value)}`]))
    .join(';')
  return lines(
    'using Npgsql;',
    '',
    `await using var dataSource = NpgsqlDataSource.Create(${literal(text)});`,
    'await using var command = dataSource.CreateCommand("SELECT version()");',
    'Console.WriteLine(await command.ExecuteScalarAsync());',
  )
}

// A quote in a value that is quoted is written twice.
function connectionStringValue(value: string): string {
  return /^[\w.:-]+$/.test(value) ? value : `'${value.replaceAll("'", "''")}'`
}

function environment(c: Target): string {
  const variables = {
    PGHOST: c.host,
    PGPORT: String(c.port),
    PGUSER: c.username,
    PGPASSWORD: c.password,
    PGDATABASE: c.database,
    PGSSLMODE: c.sslmode,
    PGSSLROOTCERT: c.authority,
  }
  return Object.entries(variables)
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${shellQuote(value)}`]))
    .join('\n')
}

function lines(...of: (string | false)[]): string {
  return of.filter((line) => line !== false).join('\n')
}
