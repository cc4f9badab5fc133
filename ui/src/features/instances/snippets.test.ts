import { execFileSync } from 'node:child_process'

import ts from 'typescript'
import { expect, test } from 'vitest'

import { snippets } from './snippets'

const hostile = `p'a"s\\s $(id) \`id\` ;%@:/?#[]&=+\n\u2028€💥`
const encoded = encodeURIComponent(hostile).replaceAll("'", '%27')

const plain = {
  host: '127.0.0.1',
  port: 5433,
  username: 'postgres',
  database: 'postgres',
  sslmode: 'disable',
  url: 'postgresql://postgres@127.0.0.1:5433/postgres?sslmode=disable',
}
const revealed = {
  ...plain,
  username: `o'"wner`,
  database: 'my db',
  password: hostile,
  url: `postgresql://o%27%22wner:${encoded}@127.0.0.1:5433/my%20db?sslmode=disable`,
}

function texts(connection: Parameters<typeof snippets>[0]): Record<string, string> {
  return Object.fromEntries(snippets(connection, 'mydb').map(({ key, text }) => [key, text]))
}

test('a shell takes what it is given as one word, whatever is in it', () => {
  const { psql = '', env = '' } = texts(revealed)
  const sh = (script: string) => execFileSync('sh', ['-c', script], { encoding: 'utf8' })
  expect(sh(psql.replace('psql', "printf '%s'"))).toBe(revealed.url)
  expect(sh(`${env}\nprintf '%s|%s|%s' "$PGUSER" "$PGPASSWORD" "$PGDATABASE"`)).toBe(
    `${revealed.username}|${hostile}|my db`,
  )
})

test('JDBC reads back every part of its URL', () => {
  const { JDBC = '' } = texts(revealed)
  const url = new URL(JDBC.replace('jdbc:', ''))
  expect(decodeURIComponent(url.pathname)).toBe('/my db')
  expect(url.searchParams.get('user')).toBe(revealed.username)
  expect(url.searchParams.get('password')).toBe(hostile)
  expect(texts({ ...plain, host: '::1' }).JDBC).toContain('//[::1]:5433/')
})

test('no password breaks out of a program', () => {
  const { Go = '', Node = '', Python = '', NET = '' } = texts(revealed)
  const parsed = ts.transpileModule(Node, { reportDiagnostics: true, fileName: 'x.mjs' })
  expect(parsed.diagnostics).toEqual([])
  const after = (text: string, lead: string) => {
    const line = text.split('\n').find((each) => each.includes(lead)) ?? ''
    return JSON.parse(
      /"(?:[^"\\]|\\.)*"/.exec(line.slice(line.indexOf(lead) + lead.length))?.[0] ?? '',
    ) as string
  }
  expect(after(Node, 'password: ')).toBe(hostile)
  expect(after(Python, 'password=')).toBe(hostile)
  expect(after(Go, 'Connect(ctx, ')).toBe(revealed.url)
  const settings = after(NET, 'Create(')
  expect(settings).toContain(`Password='${hostile.replaceAll("'", "''")}';Database='my db'`)
})

test('what is hidden is in none of them', () => {
  for (const { text } of snippets(plain, 'mydb')) expect(text).not.toMatch(/password["=:]/i)
})

test('with its authority at hand, the server is verified', () => {
  const all = texts({
    ...plain,
    sslmode: 'require',
    url: plain.url.replace('disable', 'require'),
    ca_certificate: 'PEM',
  })
  expect(all.psql).toContain('?sslmode=verify-full&sslrootcert=mydb-ca.crt')
  expect(all.JDBC).toContain('sslmode=verify-full&sslrootcert=mydb-ca.crt')
  expect(all.Node).toContain('ssl: { ca: readFileSync("mydb-ca.crt", "utf8") }')
  expect(all.NET).toContain('SSL Mode=VerifyFull;Root Certificate=mydb-ca.crt')
  expect(all.env).toContain('PGSSLMODE=verify-full\nPGSSLROOTCERT=mydb-ca.crt')
  expect(texts({ ...plain, sslmode: 'require' }).Node).toContain('rejectUnauthorized: false')
})
