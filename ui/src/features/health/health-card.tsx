import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Card } from '@/components/card'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

import { plot } from './plot'
import { healthQuery, windows, type Window } from './queries'

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
        <History history={data} window={window} at={new Date(dataUpdatedAt)} />
      ) : error ? (
        <ErrorAlert error={error} />
      ) : (
        <Skeleton className="h-32" />
      )}
    </Card>
  )
}

function History({ history, window, at }: { history: Schema<'HealthHistory'>; window: Window; at: Date }) {
  const { lines, failures, top, answered } = plot(history, window, at)
  if (answered === undefined) {
    return (
      <p className="text-ink-faint">
        {history.monitored ? 'It has not been probed in this time.' : 'It is not monitored.'}
      </p>
    )
  }
  const summary = `${percent(answered)} of the probes were answered`
  return (
    <figure>
      <div className="flex h-32 gap-2">
        <div className="tabular flex flex-col justify-between text-right text-xs text-ink-faint" aria-hidden>
          <span>{top} ms</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={`Latency of probes; ${summary}`}
          viewBox="0 0 1 1"
          preserveAspectRatio="none"
          className="h-full min-w-0 flex-1 border-b border-l"
        >
          {failures.map(({ x, width, part }) => (
            <rect key={x} x={x} y={1 - part} width={width} height={part} className="fill-bad/50" />
          ))}
          {lines.map((line) => (
            <polyline
              key={line[0]?.x}
              // A point alone would not be seen.
              points={[...line, ...line.slice(-1)].map(({ x, y }) => `${x},${y}`).join(' ')}
              className="fill-none stroke-accent"
              strokeWidth={2}
              strokeLinecap="round"
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          ))}
        </svg>
      </div>
      <figcaption className="mt-2 text-sm text-ink-faint">
        Mean latency of a query. {summary}
        {failures.length > 0 && '; red is what was not'}.
      </figcaption>
    </figure>
  )
}

// Rounded down, so that only all is 100 %.
function percent(part: number): string {
  return `${Math.floor(part * 1000) / 10} %`
}
