import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { SearchX } from 'lucide-react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { LoadMore } from '@/components/load-more'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { AuditFilters } from '@/features/audit/audit-filters'
import { AuditTable } from '@/features/audit/audit-table'
import { auditQuery, type AuditFilter } from '@/features/audit/queries'
import { canManageUsers } from '@/features/session/roles'
import { cx } from '@/lib/cx'

const route = getRouteApi('/signed-in/audit')

export function AuditPage() {
  const { me } = route.useRouteContext()
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const allowed = canManageUsers(me.role)
  const log = useInfiniteQuery({ ...auditQuery(filter), enabled: allowed })
  const entries = log.data?.pages.flatMap((page) => page.items)
  const choose = (next: AuditFilter) => {
    const search = Object.fromEntries(Object.entries(next).filter(([, value]) => value))
    void navigate({ to: '/audit', search, replace: true })
  }
  return (
    <Page title="Audit log">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">Audit log</h1>
      {!allowed && <Alert title="This is for administrators">Your role is {me.role}.</Alert>}
      {allowed && <AuditFilters filter={filter} onChange={choose} />}
      {log.isError && <ErrorAlert error={log.error} className="mb-4" />}
      {entries && (
        <div
          className={cx(
            'overflow-hidden rounded-xl border bg-surface shadow-card transition-opacity',
            log.isPlaceholderData && 'opacity-60',
          )}
        >
          {entries.length === 0 ? (
            <EmptyState
              icon={SearchX}
              title="No entry matches"
              action={<Button onClick={() => choose({})}>Clear the filters</Button>}
            />
          ) : (
            <AuditTable entries={entries} />
          )}
        </div>
      )}
      {allowed && log.isPending && <Skeleton className="h-96 rounded-xl" />}
      <LoadMore list={log} />
    </Page>
  )
}
