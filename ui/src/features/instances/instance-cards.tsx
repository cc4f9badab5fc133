import { Link } from '@tanstack/react-router'

import { Skeleton } from '@/components/skeleton'
import { cx } from '@/lib/cx'
import { humanStorage } from '@/lib/size'

import { computeOf, Endpoint, Note, shortVersion } from './instance-facts'
import { AllCheckbox, RowCheckbox } from './row-checkbox'
import { StateBadge } from './state-badge'
import type { InstanceTableModel } from './use-instance-table'

interface Props {
  table: InstanceTableModel
  loading: boolean
  canSelect: boolean
}

/** Instances one below the other, for narrow windows. */
export function InstanceCards({ table, loading, canSelect }: Props) {
  if (loading) {
    return (
      <ul aria-busy className="divide-y">
        {[1, 2, 3, 4].map((i) => (
          <li key={i} className="flex h-25 flex-col gap-3 px-4 py-4">
            <Skeleton className="h-4 w-32" />
            <Skeleton className="h-4 w-48" />
          </li>
        ))}
      </ul>
    )
  }
  return (
    <>
      {canSelect && (
        <div className="border-b bg-sunken/60 px-4 py-1.5">
          <AllCheckbox table={table} label="Select all" />
        </div>
      )}
      <ul aria-label="Instances" className="divide-y">
        {table.getRowModel().rows.map((row) => {
          const instance = row.original
          return (
            <li
              key={row.id}
              data-instance={instance.name}
              className={cx(
                'group relative flex items-start gap-1 px-4 py-3',
                row.getIsSelected() && 'bg-accent-wash',
              )}
            >
              {canSelect && <RowCheckbox row={row} />}
              <div className="min-w-0 flex-1">
                <div className="flex items-start justify-between gap-3">
                  <Link
                    to="/instances/$name"
                    params={{ name: instance.name }}
                    className="font-medium wrap-anywhere after:absolute after:inset-0"
                  >
                    {instance.name}
                  </Link>
                  <StateBadge instance={instance} />
                </div>
                <Note instance={instance} />
                <p className="text-sm text-ink-soft">
                  PG {shortVersion(instance)} · {computeOf(instance)} · {humanStorage(instance.storage_gib)}
                </p>
                {instance.endpoint && <Endpoint instance={instance} />}
              </div>
            </li>
          )
        })}
      </ul>
    </>
  )
}
