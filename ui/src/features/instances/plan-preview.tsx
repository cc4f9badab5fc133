import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'

import { changeText } from './change-text'

const takes: Record<Schema<'Effect'>, string> = {
  nothing: '',
  reload: 'no restart',
  restart: 'needs a restart',
}

/** What a change would do: what changes, in which steps, and what clients will notice. */
export function PlanPreview({ plan, asking }: { plan: Schema<'Plan'> | undefined; asking: boolean }) {
  return (
    <section
      aria-label="What would be done"
      aria-live="polite"
      className="my-3 min-h-28 rounded-lg border bg-sunken px-3.5 py-3"
    >
      {plan ? (
        <Contents plan={plan} />
      ) : asking ? (
        <div className="flex flex-col gap-2.5 pt-1">
          <Skeleton className="h-4 w-4/5" />
          <Skeleton className="h-4 w-1/2" />
          <Skeleton className="h-4 w-2/3" />
        </div>
      ) : (
        <p className="text-ink-faint">What would be done is shown here before it is done.</p>
      )}
    </section>
  )
}

function Contents({ plan }: { plan: Schema<'Plan'> }) {
  if (plan.changes.length === 0) return <p className="text-ink-soft">Nothing would change.</p>
  return (
    <>
      <ul className="flex flex-col gap-1">
        {plan.changes.map((change) => (
          <li key={change.field} className="flex flex-wrap justify-between gap-x-3 wrap-anywhere">
            <span className="font-medium">{changeText(change)}</span>
            <span className="text-sm text-ink-faint">{takes[change.takes]}</span>
          </li>
        ))}
      </ul>
      {plan.steps.length > 0 && <p className="mt-2 text-sm text-ink-soft">Steps: {plan.steps.join(' → ')}</p>}
      <p className="mt-1 text-sm text-ink-soft">Interruption: {plan.interruption}</p>
    </>
  )
}
