import { Check, CircleAlert, LoaderCircle } from 'lucide-react'

import { Button } from '@/components/button'
import { Dialog, DialogActions } from '@/components/dialog'
import type { Schema } from '@/lib/api'
import { messageOf } from '@/lib/problem'
import { sentence } from '@/lib/text'

import type { Action } from './state'
import { StateBadge } from './state-badge'
import { useBulkAction, type BulkResult } from './use-bulk-action'

type Instance = Schema<'Instance'>

const words: Record<Action, { verb: string; note: string }> = {
  stop: { verb: 'Stop', note: 'Open connections are cut. The data is kept.' },
  start: { verb: 'Start', note: 'Each accepts connections within seconds.' },
  restart: { verb: 'Restart', note: 'Open connections are cut.' },
  undelete: { verb: 'Undelete', note: 'They come back from the trash with their data.' },
}

interface Props {
  action: Action
  instances: Instance[]
  /** The instance as it is by now. */
  latest: (name: string) => Instance | undefined
  onClose: () => void
}

/** Asks whether to do something to many instances, and shows what came of each. */
export function BulkDialog({ action, instances, latest, onClose }: Props) {
  const { results, isPending, isDone, run } = useBulkAction(action)
  const { verb, note } = words[action]
  const many = `${instances.length} instance${instances.length === 1 ? '' : 's'}`
  const failed = [...results.values()].filter(({ error }) => error !== undefined).length
  return (
    <Dialog title={isDone || isPending ? `${verb} ${many}` : `${verb} ${many}?`} onClose={onClose}>
      <p className="text-ink-soft" role="status">
        {isDone
          ? failed === 0
            ? `All of them took it.`
            : `${instances.length - failed} of ${instances.length} took it.`
          : note}
      </p>
      <ul className="-mx-2 mt-3 max-h-[50dvh] overflow-y-auto" aria-label="Instances" tabIndex={0}>
        {instances.map((instance) => (
          <ResultRow
            key={instance.id}
            instance={latest(instance.name) ?? results.get(instance.name)?.instance ?? instance}
            result={results.get(instance.name)}
          />
        ))}
      </ul>
      <DialogActions>
        {isDone ? (
          <Button look="primary" autoFocus onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button look="primary" pending={isPending} onClick={() => void run(instances)}>
              {verb} {many}
            </Button>
          </>
        )}
      </DialogActions>
    </Dialog>
  )
}

function ResultRow({ instance, result }: { instance: Instance; result: BulkResult | undefined }) {
  return (
    <li data-result={instance.name} className="flex items-start gap-2 px-2 py-1.5">
      <span className="mt-0.5 size-4 shrink-0 [&_svg]:size-4">
        {result?.error !== undefined ? (
          <CircleAlert aria-label="Failed" className="text-bad-ink" />
        ) : result?.instance ? (
          <Check aria-label="Done" className="text-good-ink" />
        ) : (
          result && <LoaderCircle aria-label="In progress" className="animate-spin text-ink-faint" />
        )}
      </span>
      <div className="min-w-0 flex-1 wrap-anywhere">
        {instance.name}
        {result?.error !== undefined && (
          <p className="text-sm text-bad-ink">{sentence(messageOf(result.error))}</p>
        )}
      </div>
      <StateBadge instance={instance} />
    </li>
  )
}
