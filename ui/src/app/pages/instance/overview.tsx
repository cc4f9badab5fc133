import { Link, useNavigate } from '@tanstack/react-router'

import { buttonClass } from '@/components/button'
import { EventList } from '@/features/events/event-list'
import { HealthCard } from '@/features/health/health-card'
import { ConnectionSummary } from '@/features/instances/connection-summary'
import { DetailsButton } from '@/features/instances/details-dialog'
import { ForkButton } from '@/features/instances/fork-dialog'
import { OverviewCard } from '@/features/instances/overview-card'
import { ResizeButton } from '@/features/instances/resize-dialog'
import { UpgradeBanner } from '@/features/instances/upgrade-banner'
import { OperationCard } from '@/features/operations/operation-card'

import { useShown } from './shown'

const EVENTS = 8

export function OverviewTab() {
  const navigate = useNavigate()
  const { instance, mayOperate, operation, onStarted } = useShown()
  const link = { params: { name: instance.name }, className: buttonClass('secondary', 'sm') }
  return (
    <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
      <div className="flex min-w-0 flex-col gap-5">
        <UpgradeBanner instance={instance} mayOperate={mayOperate} onStarted={onStarted} />
        {operation && <OperationCard operation={operation} canOperate={mayOperate} />}
        {instance.endpoint && (
          <ConnectionSummary
            instance={instance}
            aside={
              <Link to="/instances/$name/connect" {...link}>
                All ways to connect
              </Link>
            }
          />
        )}
        {instance.server_version && <HealthCard instance={instance} />}
        <EventList
          name={instance.name}
          first={EVENTS}
          aside={
            <Link to="/instances/$name/activity" {...link}>
              All activity
            </Link>
          }
        />
      </div>
      <OverviewCard
        instance={instance}
        aside={
          mayOperate && (
            <div className="flex gap-2">
              {instance.state !== 'trashed' && <DetailsButton instance={instance} />}
              <ForkButton
                instance={instance}
                onStarted={({ instance_name }) =>
                  void navigate({ to: '/instances/$name', params: { name: instance_name } })
                }
              />
              <ResizeButton instance={instance} onStarted={onStarted} />
            </div>
          )
        }
      />
    </div>
  )
}
