import { Dot, type Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'

const words: Record<Schema<'Health'>, { tone: Tone; label: string }> = {
  healthy: { tone: 'good', label: 'Answers' },
  unhealthy: { tone: 'warn', label: 'Does not answer' },
  unknown: { tone: 'neutral', label: 'Not checked yet' },
}

/** Beside the state of an instance that runs: how it answers the monitor. */
export function HealthNote({ instance }: { instance: Schema<'Instance'> }) {
  if (instance.state !== 'running') return null
  const { tone, label } = instance.monitored
    ? words[instance.health]
    : { tone: 'neutral' as const, label: 'Not watched' }
  return (
    <span className="inline-flex items-center gap-1.5 text-sm text-ink-soft">
      <Dot tone={tone} />
      {label}
    </span>
  )
}
