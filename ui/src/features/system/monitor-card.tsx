import { ErrorAlert } from '@/components/alert'
import { Badge, type Tone } from '@/components/badge'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useMonitorAction, type MonitorAction } from './queries'

type Monitor = Schema<'Monitor'>

const states: Record<Monitor['state'], { tone: Tone; label: string }> = {
  watching: { tone: 'good', label: 'Watching' },
  behind: { tone: 'warn', label: 'Behind' },
  paused: { tone: 'neutral', label: 'Paused' },
}

const said: Record<MonitorAction, string> = {
  pause: 'The monitor is paused.',
  resume: 'The monitor watches again.',
  restart: 'The monitor begins anew.',
}

/** What watches the health of instances, and the ways to pause it. */
export function MonitorCard({ monitor, canChange }: { monitor: Monitor; canChange: boolean }) {
  const change = useMonitorAction()
  const { tone, label } = states[monitor.state]
  const button = (action: MonitorAction, text: string) => (
    <Button
      size="sm"
      pending={change.isPending && change.variables === action}
      disabled={change.isPending}
      onClick={() => change.mutate(action, { onSuccess: () => toast(said[action]) })}
    >
      {text}
    </Button>
  )
  return (
    <Card
      title="Monitor"
      aside={
        <div className="flex flex-wrap items-center gap-2">
          <Badge tone={tone}>{label}</Badge>
          {canChange && monitor.state !== 'paused' && button('restart', 'Restart')}
          {canChange && (monitor.state === 'paused' ? button('resume', 'Resume') : button('pause', 'Pause'))}
        </div>
      }
    >
      <p className="text-ink-soft">
        {monitor.state === 'paused'
          ? 'Nobody watches the health of instances: it is unknown until the monitor is resumed.'
          : `It watches ${monitor.instances} running instance${monitor.instances === 1 ? '' : 's'}.`}
      </p>
      {change.isError && <ErrorAlert error={change.error} className="mt-4" />}
      <ul className="mt-3 divide-y text-sm">
        {monitor.shards.map((shard) => (
          <li key={shard.shard} className="flex flex-wrap gap-x-4 gap-y-0.5 py-1.5">
            <span>Part {shard.shard + 1}</span>
            <span className="text-ink-soft">
              {shard.instances} instance{shard.instances === 1 ? '' : 's'}
            </span>
            <span className="min-w-0 flex-1 wrap-anywhere text-ink-faint">
              {shard.worker ?? 'no worker yet'}
            </span>
            {shard.reported_at && (
              <span className="text-ink-faint">
                heard of <RelativeTime at={shard.reported_at} />
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  )
}
