import type { Schema } from '@/lib/api'
import { sentence } from '@/lib/text'

import { itemStates } from './progress'

type ItemState = Schema<'BatchItemState'>

interface Props {
  counts: Schema<'BatchCounts'>
  value: ItemState | undefined
  onChange: (state: ItemState | undefined) => void
}

/** Which instances of a batch are shown. */
export function ItemFilter({ counts, value, onChange }: Props) {
  return (
    <select
      aria-label="State"
      value={value ?? ''}
      onChange={(event) => onChange(itemStates.find((state) => state === event.target.value))}
      className="h-8 rounded-md border border-line-strong bg-surface px-2 text-sm shadow-card hover:border-control"
    >
      <option value="">All {counts.total}</option>
      {itemStates
        .filter((state) => counts[state] > 0 || state === value)
        .map((state) => (
          <option key={state} value={state}>
            {sentence(state)} {counts[state]}
          </option>
        ))}
    </select>
  )
}
