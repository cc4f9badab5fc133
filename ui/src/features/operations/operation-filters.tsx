import { Button } from '@/components/button'
import { FilterField } from '@/components/filter-field'
import { SelectField } from '@/components/field'
import { TimeRangeField } from '@/components/time-range-field'

import { kindLabel, kinds, states } from './progress'
import type { OperationFilter } from './queries'

interface Props {
  filter: OperationFilter
  onChange: (filter: OperationFilter) => void
}

/** What of the operations is shown; the choice lives in the URL, with the caller. */
export function OperationFilters({ filter, onChange }: Props) {
  const { instance, kind, state, batch, ...range } = filter
  return (
    <>
      {batch && (
        <p className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-soft">
          Only those of one batch.
          <Button size="sm" onClick={() => onChange({ ...filter, batch: undefined })}>
            Show all
          </Button>
        </p>
      )}
      <div className="grid grid-cols-2 gap-x-3 lg:grid-cols-4">
        <FilterField
          label="Instance"
          placeholder="Its name"
          value={instance ?? ''}
          onChange={(text) => onChange({ ...filter, instance: text })}
        />
        <SelectField
          label="Kind"
          name="kind"
          value={kind ?? ''}
          choices={[
            { value: '', title: 'All' },
            ...kinds.map((value) => ({ value, title: kindLabel(value) })),
          ]}
          onChange={(value) => onChange({ ...filter, kind: kinds.find((known) => known === value) })}
        />
        <SelectField
          label="State"
          name="state"
          value={state ?? ''}
          choices={[{ value: '', title: 'All' }, ...states.map((value) => ({ value, title: value }))]}
          onChange={(value) => onChange({ ...filter, state: states.find((known) => known === value) })}
        />
        <TimeRangeField
          value={range}
          onChange={(chosen) => onChange({ instance, kind, state, batch, ...chosen })}
        />
      </div>
    </>
  )
}
