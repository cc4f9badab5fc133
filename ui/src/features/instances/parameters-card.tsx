import { useQuery } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useState } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'

import { ParameterDialog } from './parameter-dialog'
import { found, withWish, type ParameterDraft } from './parameter-draft'
import { ParameterRow } from './parameter-row'
import { ParametersDialog } from './parameters-dialog'
import { parametersQuery } from './queries'

const FIRST = 50 // of some 400, which are searched rather than read

interface Props {
  instance: Schema<'Instance'>
  mayChange: boolean
  onStarted: (operation: Schema<'Operation'>) => void
}

/** The parameters of an instance's server. Changes are gathered, and made together. */
export function ParametersCard({ instance, mayChange, onStarted }: Props) {
  const { data, error, refetch } = useQuery(parametersQuery(instance, mayChange))
  const [filter, setFilter] = useState({ text: '', only: false })
  const [draft, setDraft] = useState<ParameterDraft>({})
  const [editing, setEditing] = useState<Schema<'Parameter'>>()
  const [reviewing, setReviewing] = useState(false)
  const [whole, setWhole] = useState(false)

  const set = Object.entries(instance.parameters).map(([name, value]) => ({ name, set: value }))
  const asks = mayChange && (instance.state === 'running' || instance.state === 'stopped')
  const all = data?.items ?? (asks ? undefined : set)
  const shown = all && found(all, draft, filter)
  const changes = Object.keys(draft).length
  const wish = (parameter: Schema<'Parameter'>, value: string | null) =>
    setDraft((before) => withWish(before, parameter, value))

  return (
    <Card
      title="Parameters"
      flush
      aside={
        changes > 0 && (
          <div className="flex flex-wrap items-center gap-2">
            <Button size="sm" look="ghost" onClick={() => setDraft({})}>
              Discard
            </Button>
            <Button size="sm" look="primary" onClick={() => setReviewing(true)}>
              <ListChecks aria-hidden />
              {changes === 1 ? 'Review 1 change' : `Review ${changes} changes`}
            </Button>
          </div>
        )
      }
    >
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b p-3 sm:px-5">
        <input
          type="search"
          aria-label="Search parameters"
          placeholder="Search by name or description"
          value={filter.text}
          onChange={(event) => setFilter({ ...filter, text: event.target.value })}
          className="h-8 min-w-48 flex-1 rounded-md border border-control bg-surface px-2.5 text-sm shadow-card placeholder:text-ink-faint hover:border-ink-faint"
        />
        <label className="flex items-center gap-2 text-sm">
          <input
            type="checkbox"
            className="size-4 accent-accent"
            checked={filter.only}
            onChange={(event) => setFilter({ ...filter, only: event.target.checked })}
          />
          Only what is set
        </label>
        {shown && all.length > 0 && (
          <span className="text-sm text-ink-faint" role="status">
            {shown.length} of {all.length}
          </span>
        )}
      </div>
      {error && (
        <div className="p-4 sm:px-5">
          <ErrorAlert
            error={error}
            action={
              <Button size="sm" onClick={() => void refetch()}>
                Try again
              </Button>
            }
          />
        </div>
      )}
      {data?.from_server === false && (
        <div className="p-4 sm:px-5">
          <Alert look="info">
            The server does not run, so only what is set is known. It can be reset now, and more be set when
            it runs.
          </Alert>
        </div>
      )}
      {shown?.length === 0 && (
        <p className="px-4 py-4 text-ink-faint sm:px-5">
          {all?.length === 0 || filter.only
            ? 'No parameters are set: all follow from the size, or are PostgreSQL’s own.'
            : 'No parameter matches.'}
        </p>
      )}
      <ul className="divide-y">
        {shown?.slice(0, whole ? undefined : FIRST).map((parameter) => (
          <ParameterRow
            key={parameter.name}
            parameter={parameter}
            wish={draft[parameter.name]}
            mayChange={mayChange}
            onEdit={() => setEditing(parameter)}
            onWish={(value) => wish(parameter, value)}
          />
        ))}
        {!all &&
          !error &&
          [1, 2, 3, 4, 5, 6].map((i) => (
            <li key={i} className="flex h-16 flex-col justify-center gap-2 px-4 sm:px-5">
              <Skeleton className="h-4 w-48" />
              <Skeleton className="h-3 w-72" />
            </li>
          ))}
      </ul>
      {shown && shown.length > FIRST && !whole && (
        <div className="border-t p-2 text-center">
          <Button look="ghost" size="sm" onClick={() => setWhole(true)}>
            Show all {shown.length}
          </Button>
        </div>
      )}
      {editing && (
        <ParameterDialog
          parameter={editing}
          wish={draft[editing.name]}
          onWish={(value) => wish(editing, value)}
          onClose={() => setEditing(undefined)}
        />
      )}
      {reviewing && (
        <ParametersDialog
          name={instance.name}
          draft={draft}
          onDone={(operation) => {
            setDraft({})
            setReviewing(false)
            if (operation) onStarted(operation)
          }}
          onClose={() => setReviewing(false)}
        />
      )}
    </Card>
  )
}
