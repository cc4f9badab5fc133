import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'

import { ErrorAlert } from '@/components/alert'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { canAdminister, canOperate } from '@/features/session/roles'
import { DriftCard } from '@/features/system/drift-card'
import { MonitorCard } from '@/features/system/monitor-card'
import { driftQuery, retentionQuery, systemQuery } from '@/features/system/queries'
import { RetentionCard } from '@/features/system/retention-card'
import { SettingsCard } from '@/features/system/settings-card'
import { StatusCard } from '@/features/system/status-card'

const route = getRouteApi('/signed-in/system')

export function SystemPage() {
  const { me } = route.useRouteContext()
  const allowed = canOperate(me.role)
  const system = useQuery({ ...systemQuery, enabled: allowed })
  const drift = useQuery(driftQuery)
  const retention = useQuery(retentionQuery)
  return (
    <Page title="System">
      <h1 className="mb-5 text-xl font-semibold tracking-tight">System</h1>
      <div className="flex flex-col gap-4">
        {system.isError && <ErrorAlert error={system.error} />}
        {system.data ? (
          <>
            <StatusCard system={system.data} />
            <MonitorCard monitor={system.data.monitor} canChange={canAdminister(me.role)} />
          </>
        ) : (
          allowed &&
          !system.isError && (
            <>
              <Skeleton className="h-72 rounded-xl" />
              <Skeleton className="h-48 rounded-xl" />
            </>
          )
        )}
        {drift.isError && <ErrorAlert error={drift.error} />}
        {drift.data ? (
          <DriftCard drift={drift.data} canOperate={allowed} canRepair={canAdminister(me.role)} />
        ) : (
          !drift.isError && <Skeleton className="h-40 rounded-xl" />
        )}
        {retention.isError && <ErrorAlert error={retention.error} />}
        {retention.data && <RetentionCard runs={retention.data.items} />}
        {system.data && <SettingsCard settings={system.data.settings} />}
      </div>
    </Page>
  )
}
