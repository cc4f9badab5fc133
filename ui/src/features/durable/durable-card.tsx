import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Play } from 'lucide-react'
import { useState } from 'react'

import { ErrorAlert } from '@/components/alert'
import { Badge, type Tone } from '@/components/badge'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { LoadMore } from '@/components/load-more'
import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'

import { FunctionDetails } from './function-details'
import { functionsQuery, metricsQuery } from './queries'
import { StartDialog } from './start-dialog'

const tones: Record<Schema<'DurableFunctionStatus'>, Tone> = {
  pending: 'neutral',
  running: 'busy',
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
}

/** The durable functions of the instance called name, and what can be done with them. */
export function DurableCard({ name }: { name: string }) {
  const list = useInfiniteQuery(functionsQuery(name))
  const [open, setOpen] = useState<string>()
  const [starting, setStarting] = useState(false)
  const functions = list.data?.pages.flatMap((page) => page.items)
  return (
    <Card
      title="Durable functions"
      flush
      aside={
        functions && (
          <Button size="sm" onClick={() => setStarting(true)}>
            <Play aria-hidden />
            Start
          </Button>
        )
      }
    >
      {functions && <Metrics name={name} />}
      {list.isError && !functions && (
        <div className="p-4 sm:p-5">
          <ErrorAlert error={list.error} />
        </div>
      )}
      <ul className="divide-y">
        {functions?.map((f) => (
          <li key={f.id}>
            <button
              type="button"
              aria-expanded={open === f.id}
              onClick={() => setOpen(open === f.id ? undefined : f.id)}
              className="flex w-full flex-wrap items-center gap-x-3 gap-y-1 px-4 py-2.5 text-left hover:bg-sunken sm:px-5"
            >
              <code className="font-mono text-sm text-ink-faint">{f.id}</code>
              <span className="min-w-0 flex-1 wrap-anywhere">{f.label}</span>
              <Badge tone={tones[f.status]} pulse={f.status === 'running'}>
                {f.status}
              </Badge>
              {f.created_at && (
                <span className="text-sm text-ink-faint">
                  <RelativeTime at={f.created_at} />
                </span>
              )}
            </button>
            {open === f.id && <FunctionDetails name={name} id={f.id} />}
          </li>
        ))}
      </ul>
      {list.isPending && <Skeleton className="m-4 h-24 sm:m-5" />}
      {functions?.length === 0 && (
        <p className="px-4 py-4 text-ink-faint sm:px-5">None was started, or they have been forgotten.</p>
      )}
      <LoadMore list={list} inCard label="Show older ones" />
      {starting && <StartDialog name={name} onStarted={setOpen} onClose={() => setStarting(false)} />}
    </Card>
  )
}

function Metrics({ name }: { name: string }) {
  const { data } = useQuery(metricsQuery(name))
  const figures: [string, number | undefined][] = [
    ['Running', data?.running_instances],
    ['Completed', data?.completed_instances],
    ['Failed', data?.failed_instances],
    ['In all', data?.total_instances],
    ['Executions', data?.total_executions],
    ['Events', data?.total_events],
  ]
  return (
    <dl className="grid grid-cols-3 gap-x-4 gap-y-2 border-b px-4 py-3 sm:grid-cols-6 sm:px-5">
      {figures.map(([label, count]) => (
        <div key={label}>
          <dt className="text-sm text-ink-faint">{label}</dt>
          <dd className="tabular text-lg font-semibold">{count ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}
