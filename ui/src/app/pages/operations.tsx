import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { SelectField, TextField } from '@/components/field'
import { Page } from '@/components/page'
import { RelativeTime } from '@/components/relative-time'
import { isActive, kindLabel, kinds, outcome, states } from '@/features/operations/progress'
import { operationListQuery, type OperationFilter } from '@/features/operations/queries'

const route = getRouteApi('/signed-in/operations')

export function OperationsPage() {
  const filter = route.useSearch()
  const navigate = useNavigate()
  const list = useInfiniteQuery(operationListQuery(filter))
  const operations = list.data?.pages.flatMap((page) => page.items)
  const choose = (change: OperationFilter) => {
    const search = Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value))
    void navigate({ to: '/operations', search, replace: true })
  }
  return (
    <Page title="Operations">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">Operations</h1>
      <div className="grid gap-x-3 sm:grid-cols-3">
        <TextField
          label="Instance"
          value={filter.instance ?? ''}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => choose({ instance: event.target.value.trim() })}
        />
        <SelectField
          label="Kind"
          name="kind"
          value={filter.kind ?? ''}
          choices={[
            { value: '', title: 'All' },
            ...kinds.map((kind) => ({ value: kind, title: kindLabel(kind) })),
          ]}
          onChange={(kind) => choose({ kind: kind as OperationFilter['kind'] })}
        />
        <SelectField
          label="State"
          name="state"
          value={filter.state ?? ''}
          choices={[{ value: '', title: 'All' }, ...states.map((state) => ({ value: state, title: state }))]}
          onChange={(state) => choose({ state: state as OperationFilter['state'] })}
        />
      </div>
      {list.isError && <ErrorAlert error={list.error} />}
      {operations && (
        <div className="overflow-hidden rounded-xl border bg-surface shadow-card">
          {operations.length === 0 && <p className="px-5 py-4 text-ink-faint">No operation matches.</p>}
          <ul className="divide-y">
            {operations.map((operation) => (
              <li key={operation.id}>
                <Link
                  to="/operations/$id"
                  params={{ id: operation.id }}
                  className="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 hover:bg-sunken sm:px-5"
                >
                  <span className="font-medium">{kindLabel(operation.kind)}</span>
                  <span className="wrap-anywhere text-ink-soft">{operation.instance_name}</span>
                  <Badge tone={outcome(operation).tone} pulse={isActive(operation)}>
                    {outcome(operation).label}
                  </Badge>
                  <span className="ml-auto text-sm text-ink-faint">
                    <RelativeTime at={operation.created_at} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      )}
      {list.hasNextPage && (
        <div className="mt-4 text-center">
          <Button pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Load more
          </Button>
        </div>
      )}
    </Page>
  )
}
