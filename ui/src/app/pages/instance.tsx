import { useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, Outlet } from '@tanstack/react-router'
import { ArrowLeft, Database, SearchX } from 'lucide-react'
import { useState, type ReactNode } from 'react'

import { Alert, ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { CopyButton } from '@/components/copy-button'
import { EmptyState } from '@/components/empty-state'
import { Page } from '@/components/page'
import { Skeleton } from '@/components/skeleton'
import { HealthNote } from '@/features/instances/health-note'
import { LifecycleButtons } from '@/features/instances/lifecycle-buttons'
import { instanceQuery } from '@/features/instances/queries'
import { StateBadge } from '@/features/instances/state-badge'
import { OperationStrip } from '@/features/operations/operation-strip'
import { isActive } from '@/features/operations/progress'
import { operationsQuery } from '@/features/operations/queries'
import { canOperate } from '@/features/session/roles'
import type { Schema } from '@/lib/api'
import { isNotFound } from '@/lib/problem'
import { sentence } from '@/lib/text'
import { exactTime } from '@/lib/time'

import { ShownContext } from './instance/shown'
import { InstanceTabs, useTabLabel } from './instance/tabs'

const route = getRouteApi('/signed-in/instances/$name')

export function InstancePage() {
  const { name } = route.useParams()
  const { me } = route.useRouteContext()
  const { data: instance, error, refetch } = useQuery(instanceQuery(name))
  const tab = useTabLabel()

  let content: ReactNode
  if (isNotFound(error) || instance?.state === 'deleted')
    content = <Missing name={name} deleted={!!instance} />
  else if (instance)
    content = <Tabbed key={instance.id} instance={instance} mayOperate={canOperate(me.role)} />
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
  return <Page title={tab && instance ? `${tab} · ${name}` : name}>{content}</Page>
}

function Tabbed({ instance, mayOperate }: { instance: Schema<'Instance'>; mayOperate: boolean }) {
  const [actionError, setActionError] = useState<Error>()
  const operations = useQuery(operationsQuery(instance.name)).data?.items.filter(
    (operation) => operation.instance_id === instance.id, // the name may have had another bearer
  )
  const [started, setStarted] = useState<string>()
  const operation = useOperationToShow(operations, started)
  const onOverview = useTabLabel() === undefined
  return (
    <>
      <Heading name={instance.name}>
        {instance.display_name && (
          <span className="wrap-anywhere text-ink-soft">{instance.display_name}</span>
        )}
        <StateBadge instance={instance} />
        <HealthNote instance={instance} />
        {mayOperate && (
          <div className="ml-auto">
            <LifecycleButtons instance={instance} onError={setActionError} />
          </div>
        )}
      </Heading>
      <InstanceTabs instance={instance} mayOperate={mayOperate} />
      {actionError && <ErrorAlert error={actionError} className="mb-5" />}
      {instance.state === 'trashed' && instance.purge_at && (
        <Alert look="info" className="mb-5">
          It was deleted. Undelete brings it back with its data; otherwise it is removed for good at{' '}
          {exactTime(new Date(instance.purge_at))}.
        </Alert>
      )}
      {instance.message && instance.message !== operation?.error && (
        <Alert look={instance.state === 'failed' ? 'bad' : 'info'} className="mb-5">
          {sentence(instance.message)}
        </Alert>
      )}
      {instance.health_message && (
        <Alert look={instance.health === 'unhealthy' ? 'warn' : 'info'} className="mb-5">
          {sentence(instance.health_message)}
        </Alert>
      )}
      {operation && !onOverview && <OperationStrip operation={operation} />}
      <ShownContext
        value={{ instance, mayOperate, operations, operation, onStarted: ({ id }) => setStarted(id) }}
      >
        <Outlet />
      </ShownContext>
    </>
  )
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
    <div className="mb-3">
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
      <div className="mb-5 flex h-9.5 items-center gap-5 border-b">
        <Skeleton className="h-4 w-16" />
        <Skeleton className="h-4 w-16" />
        <Skeleton className="h-4 w-12" />
      </div>
      <Skeleton className="h-96 rounded-xl" />
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
