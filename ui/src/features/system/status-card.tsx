import { ExternalLink } from 'lucide-react'

import { Alert } from '@/components/alert'
import { Badge } from '@/components/badge'
import { buttonClass } from '@/components/button'
import { Card } from '@/components/card'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { useNow } from '@/lib/clock'
import { humanDuration } from '@/lib/time'

import { backlog, isSilent } from './status'

/** What runs: the API, the workers, and what waits for them. */
export function StatusCard({ system }: { system: Schema<'System'> }) {
  const { places, temporal } = system
  return (
    <Card
      title="Parts"
      aside={
        temporal.url &&
        /^https?:\/\//.test(temporal.url) && (
          <a href={temporal.url} target="_blank" rel="noreferrer" className={buttonClass('ghost', 'sm')}>
            Temporal
            <ExternalLink aria-label="(opens in a new tab)" className="size-3.5" />
          </a>
        )
      }
    >
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2 lg:grid-cols-4">
        <Fact name="API" value={system.build} />
        <Fact name="Schema of the catalog" value={`Version ${system.schema_version}`} />
        <Fact name="Provider" value={system.provider} />
        <Fact
          name="Instances being made"
          value={
            (places.limit === undefined ? String(places.used) : `${places.used} of ${places.limit}`) +
            (places.waiting > 0 ? `, ${places.waiting} wait` : '')
          }
        />
      </dl>
      {temporal.error ? (
        <Alert look="warn" title="Workers and task queues are not known" className="mt-5">
          {temporal.error}.
        </Alert>
      ) : (
        <>
          <Workers workers={system.workers} />
          <ul aria-label="Task queues" className="mt-5 grid gap-3 sm:grid-cols-2">
            {system.task_queues.map((queue) => (
              <li key={queue.takes} className="rounded-lg border px-3.5 py-2.5" data-queue={queue.takes}>
                <p className="font-medium">
                  {queue.takes === 'workflow' ? 'Workflow tasks' : 'Activities'}{' '}
                  <span className="font-normal text-ink-faint">of {queue.name}</span>
                </p>
                <p className="text-sm text-ink-soft">
                  {backlog(queue)}
                  {queue.backlog > 0 && `, the oldest for ${humanDuration(queue.backlog_age_seconds * 1000)}`}
                </p>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="min-w-0">
      <dt className="text-sm text-ink-faint">{name}</dt>
      <dd className="font-medium wrap-anywhere">{value}</dd>
    </div>
  )
}

function Workers({ workers }: { workers: Schema<'Worker'>[] }) {
  const now = useNow('halfMinute')
  if (workers.length === 0) {
    return (
      <Alert look="warn" title="No worker has asked for work lately" className="mt-5">
        Operations that are asked for wait until one comes. See whether one runs, and its log.
      </Alert>
    )
  }
  return (
    <ul aria-label="Workers" className="mt-5 divide-y rounded-lg border">
      {workers.map((worker) => (
        <li
          key={worker.identity}
          className="flex flex-wrap items-center gap-x-4 gap-y-1 px-3.5 py-2"
          data-worker={worker.identity}
        >
          <span className="min-w-0 flex-1 basis-52 wrap-anywhere">
            <span className="font-medium">{worker.identity}</span>
            <span className="block text-sm text-ink-faint">{worker.build ?? 'unknown release'}</span>
          </span>
          {isSilent(worker, now) ? (
            <Badge tone="warn">Silent</Badge>
          ) : worker.takes_new ? (
            <Badge tone="good">Working</Badge>
          ) : (
            <Badge tone="neutral">Ends what it began</Badge>
          )}
          <span className="text-sm text-ink-faint">
            seen <RelativeTime at={worker.last_seen_at} />
          </span>
        </li>
      ))}
    </ul>
  )
}
