import type { Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'

type Batch = Schema<'Batch'>
type Counts = Schema<'BatchCounts'>
type ItemState = Schema<'BatchItemState'>

/** Whether batch has not ended. */
export function isActive({ state }: Batch): boolean {
  return state === 'pending' || state === 'running'
}

/** How many items have ended, in whatever way. */
export function over({ succeeded, failed, cancelled }: Counts): number {
  return succeeded + failed + cancelled
}

/** What a batch that is over has not brought about, in words; undefined when that is nothing. */
export function leftOf({ failed, cancelled }: Counts): string | undefined {
  const left = failed + cancelled
  if (left === 0) return undefined
  const one = left === 1
  const why =
    cancelled === 0 ? 'failed' : failed > 0 ? 'did not succeed' : one ? 'was cancelled' : 'were cancelled'
  return `the ${one ? 'one' : left} that ${why}`
}

/** The colour of each state of an item. */
export const tones: Record<ItemState, Tone> = {
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'neutral',
  running: 'busy',
  waiting: 'neutral',
}

/** The states of an item, those that want a look first. */
export const itemStates = ['failed', 'running', 'waiting', 'succeeded', 'cancelled'] as const

/** The states that have items, but for those that wait, in the order of a progress bar. */
export function parts(counts: Counts): { state: ItemState; n: number; tone: Tone }[] {
  return (['succeeded', 'failed', 'cancelled', 'running'] as const)
    .map((state) => ({ state, n: counts[state], tone: tones[state] }))
    .filter(({ n }) => n > 0)
}

/** What a batch does: "Create 100 instances". */
export function titleOf({ kind, counts }: Batch): string {
  const what = kind === 'create' ? 'Create' : kind === 'trash' ? 'Move to trash:' : 'Delete'
  return `${what} ${counts.total} instance${counts.total === 1 ? '' : 's'}`
}

/** The colour and the word for how far a batch has got. */
export function outcomeOf(batch: Batch): { tone: Tone; label: string } {
  switch (batch.state) {
    case 'succeeded':
      return { tone: 'good', label: 'Succeeded' }
    case 'failed':
      return { tone: 'bad', label: batch.counts.succeeded > 0 ? 'Failed in part' : 'Failed' }
    case 'cancelled':
      return { tone: 'neutral', label: 'Cancelled' }
    case 'pending':
    case 'running':
      return batch.cancel_asked
        ? { tone: 'warn', label: 'Cancelling' }
        : { tone: 'busy', label: 'In progress' }
  }
}
