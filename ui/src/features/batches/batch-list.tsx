import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

import { isActive, outcomeOf, over, titleOf } from './progress'

/** Batches as rows, each of which leads to its page. */
export function BatchList({ batches }: { batches: Schema<'Batch'>[] }) {
  return (
    <ul className="divide-y overflow-hidden rounded-xl border bg-surface shadow-card">
      {batches.map((batch) => {
        const { tone, label } = outcomeOf(batch)
        return (
          <li
            key={batch.id}
            className="relative flex items-center justify-between gap-4 px-4 py-3 hover:bg-sunken/60 sm:px-5"
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
                {over(batch.counts)} of {batch.counts.total} · <RelativeTime at={batch.created_at} />
              </p>
            </div>
            <Badge tone={tone} pulse={isActive(batch)}>
              {label}
            </Badge>
          </li>
        )
      })}
    </ul>
  )
}
