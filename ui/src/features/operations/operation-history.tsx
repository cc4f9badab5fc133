import { Link } from '@tanstack/react-router'
import { ChevronRight } from 'lucide-react'

import { Badge } from '@/components/badge'
import { buttonClass } from '@/components/button'
import { Card } from '@/components/card'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { TemporalLink } from './operation-card'
import { isActive, kindLabel, outcome, took } from './progress'
import { StepList } from './step-list'

type Operation = Schema<'Operation'>

/** The latest operations of the instance called name; each opens to show its steps. */
export function OperationHistory({
  name,
  operations,
}: {
  name: string
  operations: Operation[] | undefined
}) {
  if (operations?.length === 0) return null
  return (
    <Card
      title="Operations"
      flush
      aside={
        <Link to="/operations" search={{ instance: name }} className={buttonClass('ghost', 'sm')}>
          All operations
        </Link>
      }
    >
      <ul className="divide-y">
        {operations?.map((operation) => (
          <li key={operation.id}>
            <HistoryEntry operation={operation} />
          </li>
        ))}
        {operations === undefined && (
          <li className="flex h-11 items-center px-5">
            <Skeleton className="h-4 w-40" />
          </li>
        )}
      </ul>
    </Card>
  )
}

function HistoryEntry({ operation }: { operation: Operation }) {
  const { tone, label } = outcome(operation)
  const duration = isActive(operation) ? undefined : took(operation, 0)
  return (
    <details className="group">
      <summary className="flex min-h-11 list-none flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2 hover:bg-sunken sm:px-5 [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-4 shrink-0 text-ink-faint transition-transform group-open:rotate-90"
        />
        <span className="font-medium">{kindLabel(operation.kind)}</span>
        <Badge tone={tone} pulse={isActive(operation)}>
          {label}
        </Badge>
        <span className="tabular ml-auto text-sm text-ink-faint">
          {duration && <>took {duration} · </>}
          <RelativeTime at={operation.created_at} />
        </span>
      </summary>
      <div className="px-4 pt-2 pb-4 sm:px-5 sm:pl-12">
        <StepList steps={operation.steps} />
        {operation.error && (
          <p className="mt-2 text-sm wrap-anywhere text-bad-ink">{sentence(operation.error)}</p>
        )}
        <div className="mt-2 -ml-2.5 flex flex-wrap">
          <Link to="/operations/$id" params={{ id: operation.id }} className={buttonClass('ghost', 'sm')}>
            Open
          </Link>
          {operation.temporal_url && <TemporalLink url={operation.temporal_url} />}
        </div>
      </div>
    </details>
  )
}
