import { boundsOf, fromLocal, toLocal, type TimeRange } from '@/lib/time-range'

import { SelectField, TextField } from './field'

const choices = [
  { value: '', title: 'Any time' },
  { value: '1h', title: 'Last hour' },
  { value: '24h', title: 'Last 24 hours' },
  { value: '7d', title: 'Last 7 days' },
  { value: '30d', title: 'Last 30 days' },
  { value: 'custom', title: 'Between…' },
] satisfies { value: TimeRange['within'] | '' | 'custom'; title: string }[]

interface Props {
  value: TimeRange
  onChange: (range: TimeRange) => void
}

/** The choice of a part of the past. */
export function TimeRangeField({ value, onChange }: Props) {
  const custom = value.since !== undefined || value.until !== undefined
  const choose = (choice: string) => {
    const within = choices.find((known) => known.value === choice)?.value
    if (within === 'custom') onChange(boundsOf({ within: value.within ?? '24h' }, Date.now()))
    else onChange(within ? { within } : {})
  }
  return (
    <>
      <SelectField
        label="When"
        name="within"
        value={custom ? 'custom' : (value.within ?? '')}
        choices={choices}
        onChange={choose}
      />
      {custom && (
        <>
          <TextField
            label="From"
            type="datetime-local"
            value={toLocal(value.since)}
            onChange={(event) => onChange({ since: fromLocal(event.target.value), until: value.until })}
          />
          <TextField
            label="Until"
            type="datetime-local"
            value={toLocal(value.until)}
            onChange={(event) => onChange({ since: value.since, until: fromLocal(event.target.value) })}
          />
        </>
      )}
    </>
  )
}
