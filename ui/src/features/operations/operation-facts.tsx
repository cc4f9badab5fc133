import { Card } from '@/components/card'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { useNow } from '@/lib/clock'
import { humanSize } from '@/lib/size'

import { isActive, took } from './progress'

/** When an operation was asked for and how long it took, and what it was to give. */
export function OperationFacts({ operation }: { operation: Schema<'Operation'> }) {
  const parameters = Object.entries(operation.parameters ?? {})
  return (
    <Card title="Asked for">
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 [&_dd]:min-w-0 [&_dd]:wrap-anywhere [&_dt]:text-ink-faint">
        <dt>When</dt>
        <dd>
          <RelativeTime at={operation.created_at} />
        </dd>
        <dt>{isActive(operation) ? 'Going on for' : 'Took'}</dt>
        <dd className="tabular">
          <Duration operation={operation} />
        </dd>
        {operation.size && (
          <>
            <dt>Size</dt>
            <dd>{humanSize(operation.size)}</dd>
          </>
        )}
        {operation.parameters && (
          <>
            <dt>Parameters</dt>
            <dd>
              {parameters.length === 0 && 'As PostgreSQL has them'}
              {parameters.map(([name, value]) => (
                <code key={name} className="block font-mono text-sm">
                  {name} = {value}
                </code>
              ))}
            </dd>
          </>
        )}
        {operation.allowed_cidrs && (
          <>
            <dt>Networks</dt>
            <dd>
              {operation.allowed_cidrs.length === 0 && 'All that reach it'}
              {operation.allowed_cidrs.map((network) => (
                <code key={network} className="block font-mono text-sm">
                  {network}
                </code>
              ))}
            </dd>
          </>
        )}
      </dl>
    </Card>
  )
}

/** From when it was asked for until its end, or until now. */
export function Duration({ operation }: { operation: Schema<'Operation'> }) {
  return isActive(operation) ? <Ticking operation={operation} /> : <>{lasted(operation, 0)}</>
}

function Ticking({ operation }: { operation: Schema<'Operation'> }) {
  return <>{lasted(operation, useNow('second'))}</>
}

function lasted({ created_at, ended_at }: Schema<'Operation'>, now: number): string | undefined {
  return took({ started_at: created_at, ...(ended_at !== undefined && { ended_at }) }, now)
}
