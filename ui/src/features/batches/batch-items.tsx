import { Link } from '@tanstack/react-router'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useRef } from 'react'

import { Badge } from '@/components/badge'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { tones } from './progress'

const ROW_PX = 45

/** What has come of each instance of a batch. Only those in sight are rendered: there may be hundreds. */
export function BatchItems({ items }: { items: Schema<'BatchItem'>[] }) {
  const frame = useRef<HTMLDivElement>(null)
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is memoised by its functions
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => frame.current,
    estimateSize: () => ROW_PX,
    getItemKey: (i) => items[i]?.position ?? i,
    overscan: 12,
  })
  return (
    <div
      ref={frame}
      role="region"
      aria-label="Instances of the batch"
      tabIndex={0}
      className="max-h-[70dvh] overflow-y-auto"
    >
      <ul style={{ height: rows.getTotalSize() }} className="relative">
        {rows.getVirtualItems().map(({ key, index, start }) => {
          const item = items[index]
          return (
            item && (
              <li
                key={key}
                ref={rows.measureElement}
                data-index={index}
                data-instance={item.name}
                aria-setsize={items.length}
                aria-posinset={index + 1}
                style={{ transform: `translateY(${start}px)` }}
                className="absolute inset-x-0 top-0 flex items-start justify-between gap-3 border-b px-4 py-2.5 sm:px-5"
              >
                <ItemName item={item} />
                <Badge tone={tones[item.state]} pulse={item.state === 'running'}>
                  {sentence(item.state)}
                </Badge>
              </li>
            )
          )
        })}
      </ul>
    </div>
  )
}

function ItemName({ item }: { item: Schema<'BatchItem'> }) {
  return (
    <div className="min-w-0">
      <p className="flex flex-wrap gap-x-3 wrap-anywhere">
        {item.operation_id ? (
          <>
            <Link
              to="/instances/$name"
              params={{ name: item.name }}
              className="inline-flex min-h-6 items-center font-medium hover:text-accent-strong"
            >
              {item.name}
            </Link>
            <Link
              to="/operations/$id"
              params={{ id: item.operation_id }}
              className="inline-flex min-h-6 items-center text-ink-faint hover:text-ink"
              aria-label={`Operation on ${item.name}`}
            >
              Operation
            </Link>
          </>
        ) : (
          <span className="inline-flex min-h-6 items-center font-medium">{item.name}</span>
        )}
      </p>
      {item.error && <p className="text-sm wrap-anywhere text-ink-faint">{sentence(item.error)}</p>}
    </div>
  )
}
