import { Card } from '@/components/card'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'

/** What was removed because it had been kept for long enough. */
export function RetentionCard({ runs }: { runs: Schema<'RetentionRun'>[] }) {
  return (
    <Card title="Removed because it was old">
      {runs.length === 0 && <p className="text-ink-faint">Nothing has been removed yet.</p>}
      <ul className="divide-y">
        {runs.map((run) => (
          <li key={run.id} className="flex flex-wrap gap-x-3 py-2">
            <RelativeTime at={run.started_at} />
            <span className="text-ink-soft">{removed(run.removed)}</span>
            {run.error && <span className="text-bad-ink">{run.error}</span>}
          </li>
        ))}
      </ul>
    </Card>
  )
}

function removed(counts: Record<string, number>): string {
  const parts = Object.entries(counts).map(([kind, count]) => `${count} ${kind.replaceAll('_', ' ')}`)
  return parts.length > 0 ? parts.join(', ') : 'nothing'
}
