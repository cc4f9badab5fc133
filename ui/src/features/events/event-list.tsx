import { useInfiniteQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Dot, type Tone } from '@/components/badge'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { LoadMore } from '@/components/load-more'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'

import { eventsQuery } from './queries'

interface Props {
  name: string
  /** Only so many, and no way to older ones. */
  first?: number
  aside?: ReactNode
}

/** What happened to the instance called name, as a list that grows at its head. */
export function EventList({ name, first, aside }: Props) {
  const events = useInfiniteQuery(eventsQuery(name))
  const items = events.data?.pages.flatMap((page) => page.items).slice(0, first)
  return (
    <Card title="Events" flush aside={aside}>
      {events.isError && !items && (
        <div className="p-4 sm:p-5">
          <ErrorAlert
            error={events.error}
            action={
              <Button size="sm" onClick={() => void events.refetch()}>
                Try again
              </Button>
            }
          />
        </div>
      )}
      <ul className="divide-y">
        {items?.map((event) => (
          <EventRow key={event.id} event={event} />
        ))}
        {events.isPending &&
          [1, 2, 3].map((i) => (
            <li key={i} className="flex h-10 items-center px-5">
              <Skeleton className="h-4 w-64" />
            </li>
          ))}
      </ul>
      {items?.length === 0 && <p className="px-5 py-4 text-ink-faint">Nothing happened yet.</p>}
      {first === undefined && <LoadMore list={events} inCard label="Show older events" />}
    </Card>
  )
}

function EventRow({ event }: { event: Schema<'Event'> }) {
  return (
    <li className="flex items-baseline gap-3 px-4 py-2.5 sm:px-5" data-event={event.type}>
      <span className="relative -top-px">
        <Dot tone={toneOf(event)} />
      </span>
      <span className="min-w-0 flex-1 wrap-anywhere">
        {event.message}
        {event.actor && <span className="text-ink-faint"> · {event.actor}</span>}
      </span>
      <span className="text-sm text-ink-faint">
        <RelativeTime at={event.created_at} />
      </span>
    </li>
  )
}

function toneOf({ type, data }: Schema<'Event'>): Tone {
  const end = data?.to ?? data?.state
  if (type === 'step.failed') return 'warn'
  if (end === 'failed') return 'bad'
  if (end === 'running' || end === 'succeeded' || type === 'step.succeeded') return 'good'
  if (type === 'operation.started') return 'busy'
  if (type === 'operation.cancel' || type === 'password.revealed') return 'warn'
  return 'neutral'
}
