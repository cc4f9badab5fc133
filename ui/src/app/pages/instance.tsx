import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { ArrowLeft, Database, SearchX } from 'lucide-react'
import { useState, type ReactNode } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { DurableCard } from '@/features/durable/durable-card'
import { EventList } from '@/features/events/event-list'
import { HealthCard } from '@/features/health/health-card'
import { ConnectionCard } from '@/features/instances/connection-card'
import { DangerZone } from '@/features/instances/danger-zone'
import { DetailsButton } from '@/features/instances/details-dialog'
import { ForkButton } from '@/features/instances/fork-dialog'
import { LifecycleButtons } from '@/features/instances/lifecycle-buttons'
import { OverviewCard } from '@/features/instances/overview-card'
import { instanceQuery } from '@/features/instances/queries'
import { ResizeButton } from '@/features/instances/resize-dialog'
import { SettingsCard } from '@/features/instances/settings-card'
import { StateBadge } from '@/features/instances/state-badge'
import { LogCard } from '@/features/logs/log-card'
import { OperationCard } from '@/features/operations/operation-card'
import { OperationHistory } from '@/features/operations/operation-history'
import { isActive } from '@/features/operations/progress'
import { operationsQuery } from '@/features/operations/queries'
import { QueryCard } from '@/features/query/query-card'
import { canOperate } from '@/features/session/roles'
import type { Schema } from '@/lib/api'
import { isNotFound } from '@/lib/problem'
import { sentence } from '@/lib/text'
import { exactTime } from '@/lib/time'

const route = getRouteApi('/signed-in/instances/$name')

export function InstancePage() {
  const { name } = route.useParams()
  const { me } = route.useRouteContext()
  const { data: instance, error, refetch } = useQuery(instanceQuery(name))

  let content: ReactNode
  if (isNotFound(error) || instance?.state === 'deleted')
    content = <Missing name={name} deleted={!!instance} />
  else if (instance)
    content = <Details key={instance.id} instance={instance} mayOperate={canOperate(me.role)} />
  else if (error) {
    content = (
      <ErrorAlert
        error={error}
        action={
          <Button size="sm" onClick={() => void refetch()}>
            Try again
          </Button>
        }
      />
    )
  } else content = <Loading name={name} />
  return <Page title={name}>{content}</Page>
}

function Details({ instance, mayOperate }: { instance: Schema<'Instance'>; mayOperate: boolean }) {
  const navigate = route.useNavigate()
  const [actionError, setActionError] = useState<Error>()
  const operations = useQuery(operationsQuery(instance.name)).data?.items.filter(
    (operation) => operation.instance_id === instance.id, // the name may have had another bearer
  )
  const [started, setStarted] = useState<string>()
  const shown = useOperationToShow(operations, started)
  return (
    <>
      <Heading name={instance.name}>
        {instance.display_name && (
          <span className="wrap-anywhere text-ink-soft">{instance.display_name}</span>
        )}
        <StateBadge instance={instance} />
        {mayOperate && (
          <div className="ml-auto">
            <LifecycleButtons instance={instance} onError={setActionError} />
          </div>
        )}
      </Heading>
      {actionError && <ErrorAlert error={actionError} className="mb-5" />}
      {instance.state === 'trashed' && instance.purge_at && (
        <Alert look="info" className="mb-5">
          It was deleted. Undelete brings it back with its data; otherwise it is removed for good at{' '}
          {exactTime(new Date(instance.purge_at))}.
        </Alert>
      )}
      {instance.message && instance.message !== shown?.error && (
        <Alert look={instance.state === 'failed' ? 'bad' : 'info'} className="mb-5">
          {sentence(instance.message)}
        </Alert>
      )}
      {instance.health_message && (
        <Alert look={instance.health === 'unhealthy' ? 'warn' : 'info'} className="mb-5">
          {sentence(instance.health_message)}
        </Alert>
      )}
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <div className="flex min-w-0 flex-col gap-5">
          {shown && <OperationCard operation={shown} canOperate={mayOperate} />}
          {instance.endpoint && (
            <ConnectionCard
              instance={instance}
              canReveal={mayOperate}
              onStarted={({ id }) => setStarted(id)}
            />
          )}
          {mayOperate && instance.state === 'running' && <QueryCard name={instance.name} />}
          {mayOperate && instance.state === 'running' && mayBeDurable(instance) && (
            <DurableCard name={instance.name} optional={instance.image_type !== 'pg_durable'} />
          )}
          {mayOperate && instance.endpoint && <LogCard name={instance.name} />}
          {instance.server_version && <HealthCard instance={instance} />}
          <OperationHistory operations={operations?.filter((operation) => operation.id !== shown?.id)} />
          <EventList name={instance.name} />
        </div>
        <div className="flex min-w-0 flex-col gap-5">
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
                  <ResizeButton instance={instance} onStarted={({ id }) => setStarted(id)} />
                </div>
              )
            }
          />
          <SettingsCard instance={instance} mayChange={mayOperate} onStarted={({ id }) => setStarted(id)} />
          {mayOperate && <DangerZone instance={instance} />}
        </div>
      </div>
    </>
  )
}

// A runtime image may hold pg_durable, the stock one does not.
function mayBeDurable({ image_type, runtime_image }: Schema<'Instance'>): boolean {
  return image_type === 'pg_durable' || runtime_image !== undefined
}

// The operation that goes on, or was started here; its end stays in sight until the page is left.
// One that went wrong is shown for as long as it is the latest.
function useOperationToShow(operations: Schema<'Operation'>[] | undefined, started: string | undefined) {
  const latest = operations?.[0]
  const [watched, setWatched] = useState<string>()
  if (latest && isActive(latest) && latest.id !== watched) setWatched(latest.id)
  if (!latest) return undefined
  const here = latest.id === watched || latest.id === started
  return isActive(latest) || here || latest.state === 'failed' ? latest : undefined
}

function Heading({ name, children }: { name: string; children?: ReactNode }) {
  return (
    <div className="mb-5">
      <Link
        to="/instances"
        className="inline-flex items-center gap-1.5 text-sm text-ink-faint hover:text-ink"
      >
        <ArrowLeft aria-hidden className="size-4" />
        Instances
      </Link>
      <div className="mt-2 flex min-h-9 flex-wrap items-center gap-x-3 gap-y-2">
        <h1 className="min-w-0 text-xl font-semibold tracking-tight wrap-anywhere">{name}</h1>
        <CopyButton text={name} what="name" className="-ml-2" />
        {children}
      </div>
    </div>
  )
}

function Loading({ name }: { name: string }) {
  return (
    <div aria-busy>
      <Heading name={name}>
        <Skeleton className="h-6 w-24 rounded-full" />
      </Heading>
      <div className="grid items-start gap-5 lg:grid-cols-[minmax(0,1fr)_20rem]">
        <Skeleton className="h-96 rounded-xl" />
        <Skeleton className="h-96 rounded-xl" />
      </div>
    </div>
  )
}

function Missing({ name, deleted }: { name: string; deleted: boolean }) {
  return (
    <EmptyState
      asPage
      icon={deleted ? Database : SearchX}
      title={deleted ? `${name} was deleted` : `There is no instance ${name}`}
      action={
        <Link to="/instances" className={buttonClass('secondary')}>
          All instances
        </Link>
      }
    >
      {deleted
        ? 'Its data is gone, and its name is free again.'
        : 'It may have been deleted, or never existed.'}
    </EmptyState>
  )
}
