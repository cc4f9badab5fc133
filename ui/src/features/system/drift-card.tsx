import { ErrorAlert } from '@/components/alert'
import { Button } from '@/components/button'
import { Card } from '@/components/card'
import { CopyButton } from '@/components/copy-button'
import { RelativeTime } from '@/components/relative-time'
import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'
import { toast } from '@/lib/toasts'

import { useCheckDrift, useRepairDrift } from './queries'

type Finding = Schema<'DriftFinding'>

interface Props {
  drift: Schema<'DriftList'>
  canOperate: boolean
  canRepair: boolean
}

/** What does not agree, and what to do about it. */
export function DriftCard({ drift, canOperate, canRepair }: Props) {
  const check = useCheckDrift()
  const last = drift.last_check
  return (
    <Card
      title="Do all parts agree?"
      aside={
        canOperate && (
          <Button
            size="sm"
            pending={check.isPending}
            onClick={() =>
              check.mutate(undefined, {
                onSuccess: () => toast('Catalog, provider and Temporal are compared.'),
              })
            }
          >
            Check now
          </Button>
        )
      }
    >
      <p className="text-ink-soft">
        {drift.items.length === 0 ? 'Catalog, provider and Temporal agree.' : 'They do not agree about this:'}
        {last?.ended_at && (
          <span className="text-ink-faint">
            {' '}
            Compared <RelativeTime at={last.ended_at} />
            {last.error ? `, but not all of it: ${last.error}` : ''}.
          </span>
        )}
      </p>
      {check.isError && <ErrorAlert error={check.error} className="mt-4" />}
      <ul className="mt-3 divide-y">
        {drift.items.map((finding) => (
          <FindingRow key={finding.id} finding={finding} canRepair={canRepair} />
        ))}
      </ul>
    </Card>
  )
}

function FindingRow({ finding, canRepair }: { finding: Finding; canRepair: boolean }) {
  const repair = useRepairDrift()
  const name = finding.instance_name ?? finding.instance_id
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-1 py-2" data-kind={finding.kind}>
      <span className="font-medium wrap-anywhere">{name}</span>
      <span className="min-w-0 flex-1 text-ink-soft">{sentence(finding.message)}</span>
      {finding.repair === 'automatic' && <span className="text-ink-faint">It is repaired by itself.</span>}
      {finding.command && (
        <>
          <code className="text-sm wrap-anywhere">{finding.command}</code>
          <CopyButton text={finding.command} what="command" />
        </>
      )}
      {canRepair && repairable(finding) && (
        <Button
          size="sm"
          aria-label={`Repair ${name}`}
          pending={repair.isPending}
          onClick={() => repair.mutate(finding.id)}
        >
          Repair
        </Button>
      )}
      {repair.isError && <ErrorAlert error={repair.error} className="w-full" />}
    </li>
  )
}

// What removes data is for the command line, where it has to be said.
function repairable({ kind, repair }: Finding): boolean {
  return repair === 'manual' && kind !== 'missing' && kind !== 'unknown_instance'
}
