import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import type { Schema } from '@/lib/api'

import { announcement, isActive, outcome } from './progress'

/** One operation as it goes, in a line: where it is not the matter but must not be missed. */
export function OperationStrip({ operation }: { operation: Schema<'Operation'> }) {
  const { tone, label } = outcome(operation)
  return (
    <div className="mb-5 flex flex-wrap items-center gap-x-3 gap-y-1 rounded-lg border bg-surface px-3.5 py-2 shadow-card">
      <Badge tone={tone} pulse={isActive(operation)}>
        {label}
      </Badge>
      <span className="min-w-0 flex-1 wrap-anywhere" role="status">
        {announcement(operation)}
      </span>
      <Link
        to="/operations/$id"
        params={{ id: operation.id }}
        className="text-sm font-medium text-accent hover:underline"
      >
        All steps
      </Link>
    </div>
  )
}
