import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Play, Square } from 'lucide-react'
import { useEffect, useId, useRef, useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { answer, api, type Schema } from '@/lib/api'
import { cx } from '@/lib/cx'
import { ApiError } from '@/lib/problem'
import { sentence } from '@/lib/text'

import { isNumeric, resultSummary, valueText } from './value-text'

const ROWS = 500 // so that the page stays quick

/** Runs one SQL statement on the instance called name and shows what it answers. */
export function QueryCard({ name }: { name: string }) {
  const [sql, setSQL] = useState('')
  const [write, setWrite] = useState(false)
  const [role, setRole] = useState('')
  const running = useRef<AbortController>(undefined)
  const statement = useRef<HTMLTextAreaElement>(null)
  const client = useQueryClient()
  const query = useMutation({
    mutationFn: () => {
      running.current = new AbortController()
      return answer(
        api.POST('/api/instances/{name}/query', {
          params: { path: { name } },
          body: { sql, read_only: !write, max_rows: ROWS, ...(role.trim() && { role: role.trim() }) },
          signal: running.current.signal,
        }),
      )
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['events'] }),
  })
  useEffect(() => () => running.current?.abort(), []) // nobody is there to see the answer
  const id = useId()
  const run = () => {
    if (sql.trim() && !query.isPending) query.mutate()
  }

  return (
    <Card title="SQL" flush>
      <form
        className="flex flex-col gap-3 p-4 sm:p-5"
        onSubmit={(event) => {
          event.preventDefault()
          run()
        }}
      >
        <textarea
          ref={statement}
          aria-label="SQL statement"
          aria-describedby={`${id}-note`}
          rows={4}
          maxLength={500_000}
          spellCheck={false}
          autoCapitalize="off"
          placeholder="SELECT * FROM pg_stat_activity"
          value={sql}
          onChange={(event) => setSQL(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault()
              run()
            }
          }}
          className="w-full resize-y rounded-md border border-control bg-surface px-3 py-2 font-mono text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint"
        />
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
          <label className="flex items-center gap-2 text-sm">
            <input
              type="checkbox"
              className="size-4 accent-accent"
              checked={write}
              onChange={(event) => setWrite(event.target.checked)}
            />
            Allow writing
          </label>
          <input
            aria-label="Role"
            placeholder="Role (superuser)"
            maxLength={63}
            value={role}
            onChange={(event) => setRole(event.target.value)}
            className="h-7 w-40 rounded-md border border-control bg-surface px-2 text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint"
          />
          <div className="ml-auto flex gap-2">
            {query.isPending && (
              <Button
                size="sm"
                onClick={() => {
                  running.current?.abort()
                  statement.current?.focus() // this button goes
                }}
              >
                <Square aria-hidden />
                Cancel
              </Button>
            )}
            <Button type="submit" size="sm" look="primary" pending={query.isPending} disabled={!sql.trim()}>
              <Play aria-hidden />
              Run
            </Button>
          </div>
        </div>
        <p id={`${id}-note`} className="text-sm text-ink-faint">
          One statement, read-only unless you allow writing. Ctrl+Enter runs it. That it ran is recorded as an
          event, its text is not.
        </p>
      </form>
      {query.isError && (
        <div className="px-4 pb-4 sm:px-5">
          <Refusal error={query.error} />
        </div>
      )}
      {query.data && <Result result={query.data} />}
    </Card>
  )
}

function Refusal({ error }: { error: Error }) {
  if (error instanceof DOMException) return <Alert look="info">The statement was cancelled and undone.</Alert>
  const postgres = error instanceof ApiError ? error.problem.postgres : undefined
  if (!postgres) return <ErrorAlert error={error} />
  return (
    <Alert title={`${postgres.severity} ${postgres.sqlstate}`}>
      <p>{sentence(postgres.message)}</p>
      {postgres.detail && <p>{postgres.detail}</p>}
      {postgres.hint && <p>{postgres.hint}</p>}
      {postgres.position !== undefined && <p>At character {postgres.position}.</p>}
    </Alert>
  )
}

function Result({ result }: { result: Schema<'QueryResult'> }) {
  return (
    <>
      {result.columns.length > 0 && (
        <div tabIndex={0} role="region" aria-label="Rows" className="max-h-96 overflow-auto border-t">
          <table className="w-full border-collapse text-left text-sm">
            <thead className="sticky top-0 bg-sunken">
              <tr>
                {result.columns.map((column, i) => (
                  <th
                    key={i}
                    scope="col"
                    title={column.type}
                    className="border-b px-3 py-1.5 font-medium whitespace-nowrap"
                  >
                    {column.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {result.rows.map((row, i) => (
                <tr key={i} className="border-b last:border-0">
                  {result.columns.map((column, j) => (
                    <Cell key={j} value={row[j]} right={isNumeric(column)} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p role="status" className="border-t px-4 py-2 text-sm text-ink-faint sm:px-5">
        {resultSummary(result)}
      </p>
    </>
  )
}

function Cell({ value, right }: { value: unknown; right: boolean }) {
  const text = valueText(value)
  return (
    <td
      className={cx(
        'max-w-96 truncate px-3 py-1 align-top font-mono text-xs leading-5 whitespace-pre',
        right && 'text-right',
        text === undefined && 'text-ink-faint italic',
      )}
      title={text}
    >
      {text ?? 'null'}
    </td>
  )
}
