import type { Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'

import { over, parts, titleOf } from './progress'

const bars: Record<Tone, string> = {
  good: 'bg-good',
  bad: 'bg-bad',
  warn: 'bg-warn',
  busy: 'bg-busy',
  neutral: 'bg-ink-faint',
}

/** How far a batch has got, by colours. */
export function ProgressBar({ batch }: { batch: Schema<'Batch'> }) {
  const { counts } = batch
  return (
    <div
      role="progressbar"
      aria-label={titleOf(batch)}
      aria-valuemin={0}
      aria-valuemax={counts.total}
      aria-valuenow={over(counts)}
      className="flex h-2 overflow-hidden rounded-full bg-sunken"
    >
      {parts(counts).map(({ state, n, tone }) => (
        <div key={state} className={bars[tone]} style={{ width: `${(100 * n) / counts.total}%` }} />
      ))}
    </div>
  )
}
