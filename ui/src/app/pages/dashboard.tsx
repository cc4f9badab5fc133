import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import { getRouteApi, Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import type { ReactNode } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Button, buttonClass } from '@/components/button'
import { Card } from '@/components/card'
import { Page } from '@/components/page'
import { Shares } from '@/components/shares'
import { Skeleton } from '@/components/skeleton'
import { MonitorNote } from '@/features/health/monitor-note'
import { FirstRun } from '@/features/instances/first-run'
import { stateFilters, statesOf, type StateFilter } from '@/features/instances/state'
import { OperationLinks } from '@/features/operations/operation-links'
import { latestOperationsQuery } from '@/features/operations/queries'
import { AttentionCard } from '@/features/overview/attention-card'
import { overviewQuery } from '@/features/overview/queries'
import { canOperate } from '@/features/session/roles'
import type { Schema } from '@/lib/api'

const route = getRouteApi('/signed-in/')

const tones = {
  running: 'good',
  stopped: 'neutral',
  changing: 'busy',
  failed: 'bad',
  trash: 'neutral',
} as const

export function DashboardPage() {
  const { me } = route.useRouteContext()
  const overview = useQuery(overviewQuery)
  const none = overview.data && Object.keys(overview.data.states).length === 0
  return (
    <Page title="Dashboard">
      <div className="mb-5 flex min-h-9 items-center justify-between gap-4">
        <h1 className="text-xl font-semibold tracking-tight">Dashboard</h1>
        {canOperate(me.role) && !none && (
          <Link to="/instances/new" className={buttonClass('primary')}>
            <Plus aria-hidden />
            New instance
          </Link>
        )}
      </div>
      {overview.isError && !overview.data ? (
        <ErrorAlert
          error={overview.error}
          action={
            <Button size="sm" onClick={() => void overview.refetch()}>
              Try again
            </Button>
          }
        />
      ) : none ? (
        <FirstRun canCreate={canOperate(me.role)} />
      ) : (
        <>
          <MonitorNote />
          <div className="grid gap-5 md:grid-cols-2 xl:grid-cols-[1fr_1fr_minmax(0,1.4fr)]">
            {overview.data ? (
              <Numbers overview={overview.data} />
            ) : (
              [1, 2, 3].map((n) => <Skeleton key={n} className="h-72 rounded-xl" />)
            )}
          </div>
          <div className="mt-5 grid items-start gap-5 lg:grid-cols-2">
            <Operations title="In progress" states={['pending', 'running']} none="Nothing is in progress." />
            <Operations title="Failed lately" states={['failed']} none="Nothing has failed." />
          </div>
        </>
      )}
    </Page>
  )
}

function Numbers({ overview: { states, health, attention } }: { overview: Schema<'Overview'> }) {
  const filters = stateFilters.flatMap(({ value, label }) => (value ? [{ value, label }] : []))
  const inFilter = (filter: StateFilter) => statesOf(filter).reduce((n, state) => n + (states[state] ?? 0), 0)
  const trashed = states.trashed ?? 0
  const total = Object.values(states).reduce((sum, n) => sum + n, -trashed)
  return (
    <>
      <Card title="Instances">
        <Shares
          total={total}
          what={total === 1 ? 'instance' : 'instances'}
          parts={filters.map(({ value, label }) => ({
            label,
            n: inFilter(value),
            tone: tones[value],
            apart: value === 'trash',
            link: (children) => (
              <Link to="/instances" search={{ state: value }} className="hover:underline">
                {children}
              </Link>
            ),
          }))}
        />
      </Card>
      <Card title="Health">
        <Shares
          total={states.running ?? 0}
          what="running"
          parts={[
            { label: 'Healthy', n: health.healthy ?? 0, tone: 'good', link: ofHealth('healthy') },
            { label: 'Unhealthy', n: health.unhealthy ?? 0, tone: 'bad', link: ofHealth('unhealthy') },
            { label: 'Not known', n: health.unknown ?? 0, tone: 'neutral', link: ofHealth('unknown') },
          ]}
        />
      </Card>
      <div className="md:max-xl:col-span-2">
        <AttentionCard attention={attention} />
      </div>
    </>
  )
}

function ofHealth(health: Schema<'Health'>) {
  return (label: ReactNode) => (
    <Link to="/instances" search={{ state: 'running', health }} className="hover:underline">
      {label}
    </Link>
  )
}

interface OperationsProps {
  title: string
  states: Schema<'OperationState'>[]
  none: string
}

function Operations({ title, states, none }: OperationsProps) {
  const list = useQuery(latestOperationsQuery(states))
  return (
    <Card
      title={title}
      flush
      aside={
        <Link
          to="/operations"
          search={{ state: states.at(-1) }}
          className="text-sm text-ink-faint hover:text-ink"
        >
          All
        </Link>
      }
    >
      <List list={list} none={none} />
    </Card>
  )
}

function List({ list, none }: { list: UseQueryResult<Schema<'OperationList'>>; none: string }) {
  if (list.data && list.data.items.length > 0) return <OperationLinks operations={list.data.items} />
  return (
    <div className="px-4 py-4 text-ink-faint sm:px-5">
      {list.isError ? (
        <ErrorAlert error={list.error} />
      ) : list.data ? (
        none
      ) : (
        <Skeleton className="h-5 w-40" />
      )}
    </div>
  )
}
