import { Link } from '@tanstack/react-router'

import { Badge } from '@/components/badge'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { isActive, kindLabel, outcome } from './progress'

/** A few operations, each leading to its page. */
export function OperationLinks({ operations }: { operations: Schema<'Operation'>[] }) {
  return (
    <ul className="divide-y">
      {operations.map((operation) => (
        <li key={operation.id} data-operation={operation.id}>
          <Link
            to="/operations/$id"
            params={{ id: operation.id }}
            className="block px-4 py-2.5 hover:bg-sunken sm:px-5"
          >
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="font-medium">{kindLabel(operation.kind)}</span>
              <span className="wrap-anywhere text-ink-soft">{operation.instance_name}</span>
              <Badge tone={outcome(operation).tone} pulse={isActive(operation)}>
                {outcome(operation).label}
              </Badge>
              <span className="ml-auto text-sm text-ink-faint">
                <RelativeTime at={operation.created_at} />
              </span>
            </span>
            {operation.error && (
              <span className="mt-0.5 line-clamp-2 text-sm wrap-anywhere text-ink-faint">
                {sentence(operation.error)}
              </span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  )
}
