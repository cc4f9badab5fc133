import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useRouter } from '@tanstack/react-router'
import { Plus, SearchX } from 'lucide-react'
import { useMemo, useState, type ComponentProps } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { LoadMore } from '@/components/load-more'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { DeleteSelectedDialog } from '@/features/batches/delete-selected-dialog'
import { MonitorNote } from '@/features/health/monitor-note'
import { BulkDialog } from '@/features/instances/bulk-dialog'
import { FirstRun } from '@/features/instances/first-run'
import { InstanceCards } from '@/features/instances/instance-cards'
import { InstanceFilters } from '@/features/instances/instance-filters'
import { isFiltered, usualOrder, withoutEmpty } from '@/features/instances/instance-search'
import { InstanceTable } from '@/features/instances/instance-table'
import { instancesQuery, offerQuery } from '@/features/instances/queries'
import { SelectionBar } from '@/features/instances/selection-bar'
import type { Action } from '@/features/instances/state'
import { selectedOf, useInstanceTable } from '@/features/instances/use-instance-table'
import { canOperate } from '@/features/session/roles'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'
import { useMedia } from '@/lib/media'
import { humanDuration } from '@/lib/time'

const route = getRouteApi('/signed-in/instances')

// Narrower ones get cards.
const WIDE = '(min-width: 40rem)'

type Instance = Schema<'Instance'>
type Asked = { action: Action; instances: Instance[] } | { action: 'delete'; instances: Instance[] }

export function InstancesPage() {
  const search = route.useSearch()
  const { me } = route.useRouteContext()
  const navigate = route.useNavigate()
  const router = useRouter()
  const wide = useMedia(WIDE)
  const [asked, setAsked] = useState<Asked>()
  const list = useInfiniteQuery(instancesQuery(search))
  const offer = useQuery(offerQuery).data
  const instances = useMemo(() => list.data?.pages.flatMap((page) => page.items), [list.data])
  const change: ComponentProps<typeof InstanceFilters>['onChange'] = (next, replace = false) =>
    void navigate({ search: (before) => withoutEmpty({ ...before, ...next }), replace })
  const table = useInstanceTable(instances, search, (sort) =>
    change({ sort: sort === usualOrder ? undefined : sort }),
  )
  const firstRun = instances?.length === 0 && !isFiltered(search) && !list.isPlaceholderData
  const mayOperate = canOperate(me.role)
  const selected = mayOperate ? selectedOf(table) : []
  const keep = offer?.keep_deleted_seconds && humanDuration(offer.keep_deleted_seconds * 1000)
  const List = wide ? InstanceTable : InstanceCards

  return (
    <Page title="Instances">
      <div className="mb-5 flex items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Instances</h1>
        {mayOperate && !firstRun && (
          <Link to="/instances/new" className={buttonClass('primary')}>
            <Plus aria-hidden />
            New instance
          </Link>
        )}
      </div>
      {firstRun ? (
        <FirstRun canCreate={mayOperate} />
      ) : (
        <>
          <MonitorNote />
          <InstanceFilters search={search} versions={offer?.versions ?? []} onChange={change} />
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
                action={
                  <Button
                    onClick={() =>
                      void navigate({ search: ({ columns, sort }) => withoutEmpty({ columns, sort }) })
                    }
                  >
                    Clear the filters
                  </Button>
                }
              >
                Try another name, or fewer filters.
              </EmptyState>
            ) : (
              <div className={cx('transition-opacity', list.isPlaceholderData && 'opacity-60')}>
                <List table={table} loading={instances === undefined} canSelect={mayOperate} />
              </div>
            )}
          </div>
          {selected.length > 0 && (
            <SelectionBar
              selected={selected}
              onAct={(action, instances) => setAsked({ action, instances })}
              onDelete={(instances) => setAsked({ action: 'delete', instances })}
              onClear={() => table.resetRowSelection(true)}
            />
          )}
          <LoadMore list={list} />
          {list.isFetchNextPageError && <ErrorAlert error={list.error} className="mt-4" />}
          {asked?.action === 'delete' ? (
            <DeleteSelectedDialog
              instances={asked.instances}
              keep={search.state === 'trash' ? undefined : keep || undefined}
              onBegun={({ id }) => void router.navigate({ to: '/batches/$id', params: { id } })}
              onClose={() => setAsked(undefined)}
            />
          ) : (
            asked && (
              <BulkDialog
                action={asked.action}
                instances={asked.instances}
                latest={(name) => instances?.find((instance) => instance.name === name)}
                onClose={() => setAsked(undefined)}
              />
            )
          )}
        </>
      )}
    </Page>
  )
}
