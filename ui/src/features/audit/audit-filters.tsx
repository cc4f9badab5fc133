import { SelectField } from '@/components/field'
import { FilterField } from '@/components/filter-field'
import { TimeRangeField } from '@/components/time-range-field'

import { outcomes, type AuditFilter } from './queries'

interface Props {
  filter: AuditFilter
  onChange: (filter: AuditFilter) => void
}

/** What of the audit log is shown; the choice lives in the URL, with the caller. */
export function AuditFilters({ filter, onChange }: Props) {
  const { user, action, target, outcome, ...range } = filter
  return (
    <div className="grid grid-cols-2 gap-x-3 lg:grid-cols-5">
      <FilterField label="User" value={user ?? ''} onChange={(text) => onChange({ ...filter, user: text })} />
      <FilterField
        label="Action"
        placeholder="deleteInstance"
        value={action ?? ''}
        onChange={(text) => onChange({ ...filter, action: text })}
      />
      <FilterField
        label="Target"
        placeholder="instances/mydb"
        value={target ?? ''}
        onChange={(text) => onChange({ ...filter, target: text })}
      />
      <SelectField
        label="Outcome"
        name="outcome"
        value={outcome ?? ''}
        choices={[{ value: '', title: 'All' }, ...outcomes]}
        onChange={(value) =>
          onChange({ ...filter, outcome: outcomes.find((known) => known.value === value)?.value })
        }
      />
      <TimeRangeField
        value={range}
        onChange={(chosen) => onChange({ user, action, target, outcome, ...chosen })}
      />
    </div>
  )
}
