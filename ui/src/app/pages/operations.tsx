import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { ListChecks, SearchX } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { LoadMore } from '@/components/load-more'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { OperationFilters } from '@/features/operations/operation-filters'
import { OperationList } from '@/features/operations/operation-list'
import { operationListQuery, type OperationFilter } from '@/features/operations/queries'
import { cx } from '@/lib/cx'

const route = getRouteApi('/signed-in/operations')

export function OperationsPage() {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(operationListQuery(filter))
  const operations = list.data?.pages.flatMap((page) => page.items)
  const filtered = Object.keys(filter).length > 0
  const choose = (next: OperationFilter) => {
    const search = Object.fromEntries(Object.entries(next).filter(([, value]) => value))
    void navigate({ to: '/operations', search, replace: true })
  }
  return (
    <Page title="Operations">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">Operations</h1>
      <OperationFilters filter={filter} onChange={choose} />
      {list.isError && (
        <ErrorAlert
          error={list.error}
          className="mb-4"
          action={
            <Button size="sm" onClick={() => void list.refetch()}>
              Try again
            </Button>
          }
        />
      )}
      {(operations || !list.isError) && (
        <div
          className={cx(
            'overflow-hidden rounded-xl border bg-surface shadow-card transition-opacity',
            list.isPlaceholderData && 'opacity-60',
          )}
        >
          {operations?.length !== 0 ? (
            <OperationList operations={operations} />
          ) : filtered ? (
            <EmptyState
              icon={SearchX}
              title="No operation matches"
              action={<Button onClick={() => choose({})}>Clear the filters</Button>}
            />
          ) : (
            <EmptyState icon={ListChecks} title="No operations yet">
              Whatever changes an instance is an operation, and appears here by itself.
            </EmptyState>
          )}
        </div>
      )}
      <LoadMore list={list} />
    </Page>
  )
}
