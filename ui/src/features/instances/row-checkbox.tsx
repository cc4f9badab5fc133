import type { KeyboardEvent } from 'react'

import type { InstanceRowModel, InstanceTableModel } from './use-instance-table'

const box = 'size-4 accent-accent'

/** Chooses a row. With Shift, all rows from the one chosen before; the arrow keys go up and down, and choose with Shift. */
export function RowCheckbox({ row }: { row: InstanceRowModel }) {
  return (
    <label className="relative z-10 -my-2 -ml-2 grid size-9 place-items-center">
      <input
        type="checkbox"
        data-row-checkbox
        aria-label={`Select ${row.original.name}`}
        className={box}
        checked={row.getIsSelected()}
        onClick={row.getToggleSelectedHandler()}
        onChange={() => undefined} // the click says whether Shift was held
        onKeyDown={(event) => goTo(event, row)}
      />
    </label>
  )
}

function goTo(event: KeyboardEvent<HTMLInputElement>, row: InstanceRowModel) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
  event.preventDefault()
  const all = [...document.querySelectorAll<HTMLInputElement>('[data-row-checkbox]')]
  const next = all[all.indexOf(event.currentTarget) + (event.key === 'ArrowDown' ? 1 : -1)]
  if (event.shiftKey) row.toggleSelected(true)
  if (event.shiftKey && next && !next.checked) next.click()
  next?.focus()
}

/** Chooses all rows that are loaded, or none. */
export function AllCheckbox({ table, label }: { table: InstanceTableModel; label?: string }) {
  const all = table.getIsAllRowsSelected()
  const some = !all && table.getIsSomeRowsSelected()
  return (
    <label className="-my-2 -ml-2 flex h-9 w-fit items-center gap-1 text-sm text-ink-soft">
      <span className="grid size-9 place-items-center">
        <input
          type="checkbox"
          aria-label={label === undefined ? 'Select all' : undefined}
          className={box}
          ref={(input) => {
            if (input) input.indeterminate = some
          }}
          checked={all && table.getRowModel().rows.length > 0}
          onChange={table.getToggleAllRowsSelectedHandler()}
        />
      </span>
      {label}
    </label>
  )
}
