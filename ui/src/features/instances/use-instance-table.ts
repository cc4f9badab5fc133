import {
  columnVisibilityFeature,
  rowSelectionFeature,
  rowSortingFeature,
  tableFeatures,
  useTable,
  type ReactTable,
  type Row,
  type RowSelectionState,
  type SortingState,
} from '@tanstack/react-table'
import { useMemo, useState } from 'react'

import type { Schema } from '@/lib/api'

import { columnNames, shownColumns, sortable, usualOrder, type InstanceSearch } from './instance-search'

type Instance = Schema<'Instance'>

const features = tableFeatures({ columnVisibilityFeature, rowSelectionFeature, rowSortingFeature })

const columns = ['name' as const, ...columnNames].map((id) => ({
  id,
  accessorFn: (instance: Instance) => instance[id],
  enableSorting: (sortable as readonly string[]).includes(id),
}))

const none: Instance[] = []

export type InstanceTableModel = ReactTable<typeof features, Instance>
export type InstanceRowModel = Row<typeof features, Instance>

/** The rows and columns of a list that the server has sorted, with the choice of rows. */
export function useInstanceTable(
  instances: Instance[] | undefined,
  search: InstanceSearch,
  onSort: (order: Schema<'InstanceOrder'>) => void,
): InstanceTableModel {
  const [rowSelection, setRowSelection] = useState<RowSelectionState>({})
  const sort = search.sort ?? usualOrder
  const sorting = useMemo<SortingState>(
    () => [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }],
    [sort],
  )
  const columnVisibility = useMemo(() => {
    const shown = shownColumns(search.columns)
    return Object.fromEntries(columnNames.map((name) => [name, shown.includes(name)]))
  }, [search.columns])
  return useTable({
    features,
    columns,
    data: instances ?? none,
    getRowId: ({ id }) => id,
    manualSorting: true,
    enableSortingRemoval: false,
    state: { rowSelection, sorting, columnVisibility },
    onRowSelectionChange: setRowSelection,
    onSortingChange: (change) => {
      const [by] = typeof change === 'function' ? change(sorting) : change
      if (by) onSort(`${by.desc ? '-' : ''}${by.id}` as Schema<'InstanceOrder'>)
    },
  })
}

/** The chosen instances among those that are in the list. */
export function selectedOf(table: InstanceTableModel): Instance[] {
  return table
    .getRowModel()
    .rows.filter((row) => row.getIsSelected())
    .map((row) => row.original)
}
