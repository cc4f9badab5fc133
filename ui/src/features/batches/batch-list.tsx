import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

import { isActive, outcomeOf, over, titleOf } from './progress'
import { ProgressBar } from './progress-bar'

/** Batches as rows, each of which leads to its page. */
export function BatchList({ batches }: { batches: Schema<'Batch'>[] }) {
  return (
    <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
      {batches.map((batch) => {
        const { tone, label } = outcomeOf(batch)
        return (
          <li
            key={batch.id}
            className="relative grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 px-4 py-3 hover:bg-sunken/60 sm:grid-cols-[minmax(0,1fr)_12rem_8rem] sm:px-5"
          >
            <div className="min-w-0">
              <Link
                to="/batches/$id"
                params={{ id: batch.id }}
                className="font-medium after:absolute after:inset-0"
              >
                {titleOf(batch)}
              </Link>
              <p className="tabular text-sm text-ink-faint">
                {over(batch.counts)} of {batch.counts.total}
                {batch.counts.failed > 0 && ` · ${batch.counts.failed} failed`} ·{' '}
                <RelativeTime at={batch.created_at} />
              </p>
            </div>
            <div className="order-last col-span-2 sm:order-none sm:col-span-1">
              <ProgressBar batch={batch} />
            </div>
            <div className="justify-self-end">
              <Badge tone={tone} pulse={isActive(batch)}>
                {label}
              </Badge>
            </div>
          </li>
        )
      })}
    </ul>
  )
}
