import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Card } from '@/components/card'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

import { HealthTable } from './health-table'
import { healthQuery, windows, type Window } from './queries'
import { latencyText, percentText, seriesOf, type Series } from './series'

// What draws is much, and most pages draw nothing.
const HealthChart = lazy(() => import('./health-chart').then((module) => ({ default: module.HealthChart })))

/** How the instance has answered the monitor. */
export function HealthCard({ instance }: { instance: Schema<'Instance'> }) {
  const [window, setWindow] = useState<Window>('1h')
  const { data, error, dataUpdatedAt } = useQuery(healthQuery(instance, window))
  return (
    <Card
      title="Health"
      aside={
        <div role="group" aria-label="How far back" className="flex gap-1">
          {windows.map(([value, label]) => (
            <button
              key={value}
              type="button"
              aria-pressed={value === window}
              onClick={() => setWindow(value)}
              className={cx(
                'rounded-md px-2 py-1 text-sm',
                value === window ? 'bg-sunken font-medium text-ink' : 'text-ink-faint hover:text-ink',
              )}
            >
              {label}
            </button>
          ))}
        </div>
      }
    >
      {data ? (
        <History
          monitored={data.monitored}
          window={window}
          series={seriesOf(data, window, { now: dataUpdatedAt, created: Date.parse(instance.created_at) })}
        />
      ) : error ? (
        <ErrorAlert error={error} />
      ) : (
        <Skeleton className="h-56" />
      )}
    </Card>
  )
}

function History({ monitored, window, series }: { monitored: boolean; window: Window; series: Series }) {
  const { answered, mean, most, gaps } = series
  if (answered === undefined) {
    return (
      <p className="text-ink-faint">
        {monitored ? 'It has not been probed in this time.' : 'It is not monitored.'}
      </p>
    )
  }
  return (
    <figure>
      <dl className="mb-3 grid grid-cols-3 gap-3">
        <Figure label="Availability" text={percentText(answered)} />
        <Figure label="Mean latency" text={mean === undefined ? '–' : latencyText(mean)} />
        <Figure label="Longest" text={most === undefined ? '–' : latencyText(most)} />
      </dl>
      <div
        role="img"
        aria-label={`Latency of probes; ${percentText(answered)} of them were answered`}
        className="h-40"
      >
        <Suspense fallback={<Skeleton className="h-40" />}>
          <HealthChart series={series} window={window} />
        </Suspense>
      </div>
      <figcaption className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-faint">
        <Key className="h-0.5 bg-accent">mean latency of a query</Key>
        {answered < 1 && <Key className="h-2.5 bg-bad/60">part of the probes that failed</Key>}
        {gaps.length > 0 && <Key className="h-2.5 bg-line">not probed: stopped, paused or not watched</Key>}
      </figcaption>
      <HealthTable series={series} />
    </figure>
  )
}

function Figure({ label, text }: { label: string; text: string }) {
  return (
    <div>
      <dt className="text-sm text-ink-faint">{label}</dt>
      <dd className="tabular text-lg font-semibold">{text}</dd>
    </div>
  )
}

function Key({ className, children }: { className: string; children: string }) {
  return (
    <span className="inline-flex items-center gap-1.5">
      <span aria-hidden className={cx('w-3 rounded-sm', className)} />
      {children}
    </span>
  )
}
