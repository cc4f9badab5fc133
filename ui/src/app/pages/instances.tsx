import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Database, Plus, SearchX } from 'lucide-react'

import { ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { MonitorNote } from '@/features/health/monitor-note'
import { InstanceFilters } from '@/features/instances/instance-filters'
import { InstanceTable } from '@/features/instances/instance-table'
import { instancesQuery } from '@/features/instances/queries'
import { canOperate } from '@/features/session/roles'
import { cx } from '@/lib/cx'

const route = getRouteApi('/signed-in/instances')

export function InstancesPage() {
  const filter = route.useSearch()
  const { me } = route.useRouteContext()
  const navigate = route.useNavigate()
  const list = useInfiniteQuery(instancesQuery(filter))
  const instances = list.data?.pages.flatMap((page) => page.items)
  const filtered = filter.state !== undefined || filter.search !== undefined
  const firstRun = instances?.length === 0 && !filtered && !list.isPlaceholderData

  return (
    <Page title="Instances">
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Instances</h1>
        {canOperate(me.role) && !firstRun && (
          <Link to="/instances/new" className={buttonClass('primary')}>
            <Plus aria-hidden />
            New instance
          </Link>
        )}
      </div>
      {firstRun ? (
        <FirstRun canCreate={canOperate(me.role)} />
      ) : (
        <>
          <MonitorNote />
          <InstanceFilters
            search={filter.search ?? ''}
            state={filter.state}
            onSearch={(search) =>
              void navigate({
                search: (s) => withOptional({ ...s, search: search || undefined }),
                replace: true,
              })
            }
            onState={(state) => void navigate({ search: (s) => withOptional({ ...s, state }) })}
          />
          <div className="mt-4 overflow-hidden rounded-xl border bg-surface shadow-card">
            {list.isError && !instances ? (
              <div className="p-4">
                <ErrorAlert
                  error={list.error}
                  action={
                    <Button size="sm" onClick={() => void list.refetch()}>
                      Try again
                    </Button>
                  }
                />
              </div>
            ) : instances?.length === 0 ? (
              <EmptyState
                icon={SearchX}
                title="No instance matches"
                action={<Button onClick={() => void navigate({ search: {} })}>Clear the filters</Button>}
              >
                Try another name or state.
              </EmptyState>
            ) : (
              <div className={cx('transition-opacity', list.isPlaceholderData && 'opacity-60')}>
                <InstanceTable instances={instances} />
              </div>
            )}
          </div>
          {list.hasNextPage && (
            <div className="mt-4 text-center">
              <Button pending={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
                Load more
              </Button>
            </div>
          )}
          {list.isFetchNextPageError && <ErrorAlert error={list.error} className="mt-4" />}
        </>
      )}
    </Page>
  )
}

// Drops what is undefined, so that it does not stand in the URL.
function withOptional<T extends object>(search: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

const COMMAND = 'toygres create mydb --wait'

function FirstRun({ canCreate }: { canCreate: boolean }) {
  return (
    <div className="rounded-xl border border-dashed border-line-strong">
      <EmptyState
        icon={Database}
        title={canCreate ? 'Create your first instance' : 'No instances yet'}
        action={
          canCreate && (
            <Link to="/instances/new" className={buttonClass('primary')}>
              <Plus aria-hidden />
              New instance
            </Link>
          )
        }
      >
        {canCreate
          ? 'An instance is a PostgreSQL server of your own. Give it a name, watch it come up, and copy its connection string. It takes a few seconds.'
          : 'Whoever may create instances has not created one. It will appear here by itself.'}
      </EmptyState>
      <p className="-mt-6 mb-8 text-center text-sm">
        <Link to="/instances" search={{ state: 'trash' }} className="text-ink-faint hover:text-ink">
          Deleted instances
        </Link>
      </p>
      {canCreate && (
        <div className="mx-auto -mt-6 mb-12 flex max-w-md flex-col items-center gap-2 px-4 text-sm text-ink-faint">
          or, from a terminal
          <div className="flex items-center gap-2 rounded-lg border bg-surface py-1 pr-1 pl-3">
            <code className="font-mono text-ink">{COMMAND}</code>
            <CopyButton text={COMMAND} what="command" />
          </div>
        </div>
      )}
    </div>
  )
}
