import { Columns3 } from 'lucide-react'

import { Button } from '@/components/button'
import { Menu, MenuChecks } from '@/components/menu'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

import { columnNames, columnTitles, shownColumns, writeColumns, type InstanceSearch } from './instance-search'
import { stateFilters } from './state'
import { TextFilter } from './text-filter'

interface Props {
  search: InstanceSearch
  /** The PostgreSQL versions to choose from. */
  versions: readonly number[]
  /** Replaces what the URL says; replace leaves no step to go back to. */
  onChange: (next: { [K in keyof InstanceSearch]?: InstanceSearch[K] | undefined }, replace?: boolean) => void
}

/** What of the instances is shown; the choice lives in the URL, with the caller. */
export function InstanceFilters({ search, versions, onChange }: Props) {
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-col gap-2 sm:flex-row sm:items-center">
        <TextFilter
          label="Search by name"
          value={search.search ?? ''}
          onChange={(text) => onChange({ search: text }, true)}
          hotkey="/"
          className="sm:w-72"
        />
        <div
          role="group"
          aria-label="State"
          className="-mx-4 flex overflow-x-auto px-4 py-0.5 sm:mx-0 sm:gap-1 sm:overflow-visible sm:px-0"
        >
          {stateFilters.map((filter) => (
            <button
              key={filter.label}
              type="button"
              aria-pressed={filter.value === search.state}
              onClick={() => onChange({ state: filter.value })}
              className={cx(
                'h-8 shrink-0 rounded-full px-2 text-sm font-medium transition-colors sm:px-3',
                filter.value === search.state
                  ? 'bg-ink text-canvas'
                  : 'text-ink-soft hover:bg-sunken hover:text-ink',
              )}
            >
              {filter.label}
            </button>
          ))}
        </div>
      </div>
      <div className="grid grid-cols-2 gap-2 sm:flex sm:flex-wrap sm:items-center">
        <Choice
          label="Health"
          value={search.health}
          all="Any health"
          choices={{ healthy: 'Healthy', unhealthy: 'Unhealthy', unknown: 'Unknown' }}
          onChange={(health) => onChange({ health })}
        />
        <Choice
          label="Version"
          value={search.version === undefined ? undefined : `v${search.version}`}
          all="Any version"
          choices={Object.fromEntries(versions.map((v) => [`v${v}`, `PostgreSQL ${v}`]))}
          onChange={(version) => onChange({ version: version && Number(version.slice(1)) })}
        />
        <Choice
          label="Reachable"
          value={search.reach}
          all="Reachable anyhow"
          choices={{ public: 'Publicly', internal: 'Internally' }}
          onChange={(reach) => onChange({ reach })}
        />
        <TextFilter
          label="Tag"
          placeholder="Tag: team=shop"
          value={search.tag ?? ''}
          maxLength={320}
          onChange={(tag) => onChange({ tag }, true)}
          className="sm:w-56"
          small
        />
        <div className="col-span-2 flex gap-2 sm:ml-auto">
          <Choice
            label="Sort"
            className="flex-1 sm:hidden"
            value={search.sort}
            all="Newest first"
            choices={orders}
            onChange={(sort) => onChange({ sort })}
          />
          <Menu
            label="Columns"
            trigger={
              <Button className="max-sm:hidden" size="sm">
                <Columns3 aria-hidden />
                Columns
              </Button>
            }
          >
            <MenuChecks
              label="Columns"
              values={shownColumns(search.columns)}
              choices={columnNames.map((value) => ({ value, label: columnTitles[value] }))}
              onChange={(columns) => onChange({ columns: writeColumns(columns) })}
            />
          </Menu>
        </div>
      </div>
    </div>
  )
}

const orders: Partial<Record<Schema<'InstanceOrder'>, string>> = {
  created_at: 'Oldest first',
  name: 'Name, A to Z',
  '-name': 'Name, Z to A',
  state: 'State',
  '-version': 'Newest version first',
  '-storage_gib': 'Most storage first',
}

interface ChoiceProps<T extends string> {
  label: string
  value: T | undefined
  /** The words for no choice. */
  all: string
  choices: Partial<Record<T, string>>
  onChange: (value: T | undefined) => void
  className?: string
}

function Choice<T extends string>({ label, value, all, choices, onChange, className }: ChoiceProps<T>) {
  return (
    <select
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange((event.target.value || undefined) as T | undefined)}
      className={cx(
        'h-8 min-w-0 rounded-md border bg-surface px-2 text-sm shadow-card transition-colors hover:border-ink-faint',
        value === undefined ? 'border-control text-ink-soft' : 'border-accent font-medium text-ink',
        className,
      )}
    >
      <option value="">{all}</option>
      {(Object.entries(choices) as [T, string][]).map(([choice, title]) => (
        <option key={choice} value={choice}>
          {title}
        </option>
      ))}
    </select>
  )
}
