import type { Schema } from '@/lib/api'

import { parseStateFilter, statesOf, type StateFilter } from './state'

type Order = Schema<'InstanceOrder'>

/** What of the instances is shown, and how, as the URL says it. */
export interface InstanceSearch {
  state?: StateFilter
  search?: string
  health?: Schema<'Health'>
  /** One tag, as "name" or "name=value". */
  tag?: string
  version?: number
  reach?: 'public' | 'internal'
  sort?: Order
  /** The columns beside the name, separated by commas, where they are not the usual ones. */
  columns?: string
}

/** The order of a list that nobody has sorted. */
export const usualOrder: Order = '-created_at'

/** The columns that can be sorted by. */
export const sortable = ['name', 'state', 'version', 'storage_gib', 'created_at'] as const

const healths = ['healthy', 'unhealthy', 'unknown'] as const
const orders: readonly Order[] = sortable.flatMap((column) => [column, `-${column}` as const])

/** The columns beside the name, with their headings. */
export const columnTitles = {
  state: 'State',
  version: 'PostgreSQL',
  storage_gib: 'Size',
  endpoint: 'Endpoint',
  public: 'Reachable',
  tags: 'Tags',
  created_at: 'Created',
} as const

export type ColumnName = keyof typeof columnTitles

export const columnNames = Object.keys(columnTitles) as ColumnName[]

const usualColumns: readonly ColumnName[] = ['state', 'version', 'storage_gib', 'endpoint', 'created_at']

/** What a URL says; what it says wrongly is left out. */
export function parseInstanceSearch(search: Record<string, unknown>): InstanceSearch {
  const text = (value: unknown) =>
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''
  const version = Number(text(search.version))
  const columns = shownColumns(typeof search.columns === 'string' ? search.columns : undefined)
  return withoutEmpty({
    state: parseStateFilter(search.state),
    search: text(search.search).slice(0, 100),
    health: healths.find((health) => health === search.health),
    tag: text(search.tag).slice(0, 320),
    version: Number.isInteger(version) && version >= 15 && version <= 18 ? version : undefined,
    reach: (['public', 'internal'] as const).find((reach) => reach === search.reach),
    sort: orders.find((order) => order === search.sort),
    columns: writeColumns(columns),
  })
}

/** The search without what says nothing, so that it does not stand in the URL. */
export function withoutEmpty(search: {
  [K in keyof InstanceSearch]?: InstanceSearch[K] | undefined
}): InstanceSearch {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ''))
}

/** Whether something is left out of the list. */
export function isFiltered({ state, search, health, tag, version, reach }: InstanceSearch): boolean {
  return [state, search, health, tag, version, reach].some((filter) => filter !== undefined)
}

/** The columns that the URL's list means. */
export function shownColumns(list: string | undefined): readonly ColumnName[] {
  if (list === undefined) return usualColumns
  const wanted = list.split(',')
  return columnNames.filter((name) => wanted.includes(name))
}

/** The URL's list of columns; undefined for the usual ones. */
export function writeColumns(columns: readonly ColumnName[]): string | undefined {
  const list = columnNames.filter((name) => columns.includes(name)).join(',')
  if (list === usualColumns.join(',')) return undefined
  return list === '' ? 'none' : list
}

/** What to ask the API for. */
export function listQueryOf({ state, search, health, tag, version, reach, sort }: InstanceSearch) {
  return {
    // What is in the trash is not among the others, whatever its state.
    ...(state && (state === 'trash' ? { deleted: true } : { state: [...statesOf(state)] })),
    ...(search && { search }),
    ...(health && { health }),
    ...(tag && { tag: [tag] }),
    ...(version && { version }),
    ...(reach && { public: reach === 'public' }),
    ...(sort && { sort }),
  }
}
