import { Card } from '@/components/card'
import type { Schema } from '@/lib/api'
import { messageOf } from '@/lib/problem'
import { humanSize } from '@/lib/size'
import { sentence } from '@/lib/text'

import type { rangeOf } from './name-pattern'
import type { CreatePlan } from './queries'

interface Props {
  /** The names, where they are many. */
  many: ReturnType<typeof rangeOf>
  plan: CreatePlan | undefined
  error: Error | null
  isChecking: boolean
}

/** What a draft would become, in the server's words. */
export function CreatePreview({ many, plan, error, isChecking }: Props) {
  return (
    <Card
      title="What will be made"
      aside={isChecking && <span className="text-sm text-ink-faint">Checking…</span>}
    >
      <div aria-live="polite" aria-busy={isChecking} className="min-h-32">
        {error ? (
          <>
            <p className="font-medium text-bad-ink">It can’t be made like this.</p>
            <p className="mt-1 wrap-anywhere text-ink-soft">{sentence(messageOf(error))}</p>
          </>
        ) : plan ? (
          <>
            {many && plan.refused.length > 0 && <Refused items={plan.refused} total={plan.total} />}
            <Plan plan={plan.plan} many={many} />
          </>
        ) : (
          <p className="text-ink-faint">
            Give it a name, and the server says here what it will make, and in which steps.
          </p>
        )}
      </div>
    </Card>
  )
}

// Those of many that would fail at this moment. The others can be made all the same.
function Refused({ items, total }: { items: Schema<'BatchItem'>[]; total: number }) {
  const all = items.length === total
  return (
    <div className="mb-4 border-b pb-4">
      <p className="font-medium text-bad-ink">
        {all ? 'None of them can be made now.' : `${items.length} of ${total} can’t be made now.`}
      </p>
      <ul aria-label="Refused" tabIndex={0} className="mt-1.5 flex max-h-44 flex-col gap-2 overflow-y-auto">
        {items.map(({ name, error }) => (
          <li key={name} className="wrap-anywhere">
            <span className="font-medium">{name}</span>
            <span className="block text-sm text-ink-soft">{sentence(error ?? '')}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

function Plan({ plan, many }: { plan: Schema<'InstancePlan'>; many: Props['many'] }) {
  const facts: [string, string][] = [
    many ? ['Instances', `${many.count}: ${many.first} to ${many.last}`] : ['Name', plan.name],
    ['PostgreSQL', `${plan.version}, ${plan.runtime_image ?? plan.image_type}`],
    ['Size', `${humanSize(plan)}${many ? ' each' : ''}`],
    ['Reachable', plan.public ? 'Publicly' : 'Internally'],
    ['From', plan.allowed_cidrs.join(', ') || 'wherever it can be reached'],
    ...Object.entries(plan.parameters).map(([name, value]): [string, string] => [name, value]),
  ]
  return (
    <>
      <dl className="flex flex-col gap-2">
        {facts.map(([term, fact]) => (
          <div key={term}>
            <dt className="text-sm text-ink-faint">{term}</dt>
            <dd className="wrap-anywhere">{fact}</dd>
          </div>
        ))}
      </dl>
      <h3 className="mt-4 border-t pt-4 text-sm text-ink-faint">
        {many ? 'Steps of each, a few at a time' : 'Steps'}
      </h3>
      <ol aria-label="Steps" className="mt-1.5 flex flex-col gap-1">
        {plan.steps.map((step, i) => (
          <li key={step} className="flex items-center gap-2.5">
            <span className="tabular grid size-5 shrink-0 place-items-center rounded-full bg-sunken text-xs text-ink-soft">
              {i + 1}
            </span>
            {sentence(step)}
          </li>
        ))}
      </ol>
    </>
  )
}
