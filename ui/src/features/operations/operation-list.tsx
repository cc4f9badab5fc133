import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { Duration } from './operation-facts'
import { isActive, kindLabel, outcome } from './progress'

/** Operations of all instances, each with its outcome and how long it took; undefined while they are loaded. */
export function OperationList({ operations }: { operations: Schema<'Operation'>[] | undefined }) {
  return (
    <ul className="divide-y" aria-busy={operations === undefined}>
      {operations?.map((operation) => (
        <li key={operation.id} data-operation={operation.id}>
          <Link
            to="/operations/$id"
            params={{ id: operation.id }}
            className="grid min-h-11 grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-2 hover:bg-sunken sm:grid-cols-[minmax(0,1fr)_8.5rem_5.5rem_7rem] sm:px-5"
          >
            <span className="min-w-0 wrap-anywhere">
              <span className="font-medium">{kindLabel(operation.kind)}</span>{' '}
              <span className="text-ink-soft">{operation.instance_name}</span>
              {operation.error && (
                <span className="block truncate text-sm text-ink-faint">{sentence(operation.error)}</span>
              )}
            </span>
            <span>
              <Badge tone={outcome(operation).tone} pulse={isActive(operation)}>
                {outcome(operation).label}
              </Badge>
            </span>
            <span className="tabular text-sm text-ink-faint sm:text-right">
              <Duration operation={operation} />
            </span>
            <span className="text-right text-sm text-ink-faint">
              <RelativeTime at={operation.created_at} />
            </span>
          </Link>
        </li>
      )) ??
        Array.from({ length: 8 }, (_, i) => (
          <li key={i} className="flex h-11 items-center gap-4 px-4 sm:px-5">
            <Skeleton className="h-4 w-48" />
            <Skeleton className="ml-auto h-4 w-24" />
          </li>
        ))}
    </ul>
  )
}
