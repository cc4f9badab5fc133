import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'

import { ErrorAlert } from '@/components/alert'
import { Card } from '@/components/card'
import { Page } from '@/components/page'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import { canAdminister, canOperate } from '@/features/session/roles'
import { DriftCard } from '@/features/system/drift-card'
import { driftQuery, retentionQuery } from '@/features/system/queries'

const route = getRouteApi('/signed-in/system')

export function SystemPage() {
  const { me } = route.useRouteContext()
  const drift = useQuery(driftQuery)
  const retention = useQuery(retentionQuery)
  return (
    <Page title="System">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">System</h1>
      <div className="flex flex-col gap-4">
        {drift.isError && <ErrorAlert error={drift.error} />}
        {drift.data ? (
          <DriftCard drift={drift.data} canOperate={canOperate(me.role)} canRepair={canAdminister(me.role)} />
        ) : (
          !drift.isError && <Skeleton className="h-40 rounded-xl" />
        )}
        {retention.isError && <ErrorAlert error={retention.error} />}
        {retention.data && (
          <Card title="Removed because it was old">
            {retention.data.items.length === 0 && (
              <p className="text-ink-faint">Nothing has been removed yet.</p>
            )}
            <ul className="divide-y">
              {retention.data.items.map((run) => (
                <li key={run.id} className="flex flex-wrap gap-x-3 py-2">
                  <RelativeTime at={run.started_at} />
                  <span className="text-ink-soft">{removed(run.removed)}</span>
                  {run.error && <span className="text-bad-ink">{run.error}</span>}
                </li>
              ))}
            </ul>
          </Card>
        )}
      </div>
    </Page>
  )
}

function removed(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`)
  return parts.length > 0 ? parts.join(', ') : 'nothing'
}
