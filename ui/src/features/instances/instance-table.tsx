import { Link } from '@tanstack/react-router'
import { ArrowDown, ArrowUp, ChevronsUpDown } from 'lucide-react'
import type { ReactNode } from 'react'

import { RelativeTime } from '@/components/relative-time'
import { Skeleton } from '@/components/skeleton'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'
import { humanStorage } from '@/lib/size'

import { computeOf, Endpoint, Note, reachOf, shortVersion, Tags } from './instance-facts'
import { columnTitles, type ColumnName } from './instance-search'
import { AllCheckbox, RowCheckbox } from './row-checkbox'
import { StateBadge } from './state-badge'
import type { InstanceRowModel, InstanceTableModel } from './use-instance-table'

type Instance = Schema<'Instance'>

const cell = 'px-3 py-2.5 first:pl-4 last:pr-4 sm:first:pl-5 sm:last:pr-5'

// How wide each column is, and from which width of the window on it has room.
const widths: Record<ColumnName, string> = {
  state: 'w-36',
  version: 'hidden w-28 md:table-cell',
  storage_gib: 'hidden w-52 lg:table-cell',
  endpoint: 'hidden w-52 md:table-cell',
  public: 'hidden w-28 md:table-cell',
  tags: 'hidden w-48 md:table-cell',
  created_at: 'w-36',
}

const contents: Record<ColumnName, (instance: Instance) => ReactNode> = {
  state: (instance) => <StateBadge instance={instance} />,
  version: (instance) => (
    <span className="tabular" title={instance.server_version}>
      {shortVersion(instance)}
    </span>
  ),
  storage_gib: (instance) => `${computeOf(instance)} · ${humanStorage(instance.storage_gib)}`,
  endpoint: (instance) => <Endpoint instance={instance} />,
  public: (instance) => reachOf(instance),
  tags: (instance) => <Tags instance={instance} />,
  created_at: (instance) => <RelativeTime at={instance.created_at} />,
}

interface Props {
  table: InstanceTableModel
  loading: boolean
  canSelect: boolean
}

/** Instances as rows, for windows that are wide enough. */
export function InstanceTable({ table, loading, canSelect }: Props) {
  const shown = visibleOf(table)
  return (
    <table className="w-full table-fixed border-collapse text-base" aria-busy={loading}>
      <caption className="sr-only">Instances</caption>
      <thead className="border-b bg-sunken/60">
        <tr>
          {canSelect && (
            <td className={`${cell} w-12`}>
              <AllCheckbox table={table} />
            </td>
          )}
          <Heading table={table} column="name" title="Name" />
          {shown.map((column) => (
            <Heading
              key={column}
              table={table}
              column={column}
              title={columnTitles[column]}
              className={widths[column]}
            />
          ))}
        </tr>
      </thead>
      <tbody className="divide-y">
        {loading
          ? [1, 2, 3, 4, 5].map((i) => <SkeletonRow key={i} shown={shown} canSelect={canSelect} />)
          : table
              .getRowModel()
              .rows.map((row) => <InstanceRow key={row.id} row={row} shown={shown} canSelect={canSelect} />)}
      </tbody>
    </table>
  )
}

function visibleOf(table: InstanceTableModel): ColumnName[] {
  return table
    .getVisibleLeafColumns()
    .map(({ id }) => id)
    .filter((id): id is ColumnName => id !== 'name')
}

interface HeadingProps {
  table: InstanceTableModel
  column: string
  title: string
  className?: string
}

function Heading({ table, column: id, title, className }: HeadingProps) {
  const column = table.getColumn(id)
  const sorted = column?.getIsSorted()
  const Arrow = sorted === 'asc' ? ArrowUp : sorted === 'desc' ? ArrowDown : ChevronsUpDown
  return (
    <th
      scope="col"
      aria-sort={sorted === 'asc' ? 'ascending' : sorted === 'desc' ? 'descending' : undefined}
      className={cx(cell, 'text-left text-sm font-medium text-ink-faint', className)}
    >
      {column?.getCanSort() ? (
        <button
          type="button"
          onClick={() => column.toggleSorting(sorted === 'asc')}
          className="group/sort -mx-1.5 inline-flex h-7 items-center gap-1 rounded-md px-1.5 hover:text-ink"
        >
          {title}
          <Arrow
            aria-hidden
            className={cx(
              'size-3.5',
              !sorted && 'opacity-0 group-hover/sort:opacity-100 group-focus-visible/sort:opacity-100',
            )}
          />
        </button>
      ) : (
        title
      )}
    </th>
  )
}

interface RowProps {
  row: InstanceRowModel
  shown: ColumnName[]
  canSelect: boolean
}

function InstanceRow({ row, shown, canSelect }: RowProps) {
  const instance = row.original
  return (
    <tr
      className={cx(
        'group relative h-14 transition-colors',
        row.getIsSelected() ? 'bg-accent-wash' : 'hover:bg-sunken/60',
      )}
      data-instance={instance.name}
    >
      {canSelect && (
        <td className={cell}>
          <RowCheckbox row={row} />
        </td>
      )}
      <td className={cell}>
        <Link
          to="/instances/$name"
          params={{ name: instance.name }}
          className="font-medium wrap-anywhere group-hover:text-accent-strong after:absolute after:inset-0"
        >
          {instance.name}
        </Link>
        <Note instance={instance} />
      </td>
      {shown.map((column) => (
        <td key={column} className={cx(cell, 'text-ink-soft', widths[column])}>
          {contents[column](instance)}
        </td>
      ))}
    </tr>
  )
}

function SkeletonRow({ shown, canSelect }: { shown: ColumnName[]; canSelect: boolean }) {
  return (
    <tr className="h-14">
      {canSelect && <td className={cell} />}
      <td className={cell}>
        <Skeleton className="h-4 w-32" />
      </td>
      {shown.map((column) => (
        <td key={column} className={cx(cell, widths[column])}>
          <Skeleton className="h-4 w-3/5" />
        </td>
      ))}
    </tr>
  )
}
