import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'

import { cx } from '@/lib/cx'
import { useDebounced } from '@/lib/use-debounced'

import { stateFilters, type StateFilter } from './state'

interface Props {
  search: string
  state: StateFilter | undefined
  onSearch: (search: string) => void
  onState: (state: StateFilter | undefined) => void
}

/** What of the instances is shown; the choice lives in the URL, with the caller. */
export function InstanceFilters({ search, state, onSearch, onState }: Props) {
  return (
    <div className="flex flex-col gap-2 sm:flex-row sm:items-center">
      <SearchInput value={search} onChange={onSearch} />
      <div
        role="group"
        aria-label="State"
        className="-mx-4 flex overflow-x-auto px-4 py-0.5 sm:mx-0 sm:gap-1 sm:overflow-visible sm:px-0"
      >
        {stateFilters.map((filter) => (
          <button
            key={filter.label}
            type="button"
            aria-pressed={filter.value === state}
            onClick={() => onState(filter.value)}
            className={cx(
              'h-8 shrink-0 rounded-full px-2 text-sm font-medium transition-colors sm:px-3',
              filter.value === state ? 'bg-ink text-canvas' : 'text-ink-soft hover:bg-sunken hover:text-ink',
            )}
          >
            {filter.label}
          </button>
        ))}
      </div>
    </div>
  )
}

function SearchInput({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value)
  const settled = useDebounced(text, 250)
  const input = useRef<HTMLInputElement>(null)

  // The URL may change by itself: the back button, or a cleared filter.
  const [seen, setSeen] = useState(value)
  if (value !== seen) {
    setSeen(value)
    if (value !== settled) setText(value)
  }
  const report = useRef(onChange)
  useEffect(() => {
    report.current = onChange
  })
  useEffect(() => report.current(settled), [settled])

  useEffect(() => {
    const focus = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (
        event.key !== '/' ||
        event.ctrlKey ||
        event.metaKey ||
        target.closest('input, textarea, select, dialog')
      )
        return
      event.preventDefault()
      input.current?.focus()
    }
    document.addEventListener('keydown', focus)
    return () => document.removeEventListener('keydown', focus)
  }, [])

  return (
    <div className="relative sm:w-72">
      <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-faint" />
      <input
        ref={input}
        type="search"
        aria-label="Search by name"
        placeholder="Search by name"
        maxLength={100}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-9 w-full rounded-md border border-control bg-surface pr-9 pl-9 text-base shadow-card placeholder:text-ink-faint hover:border-ink-faint [&::-webkit-search-cancel-button]:hidden"
      />
      <kbd
        aria-hidden
        className="pointer-events-none absolute top-2 right-2 hidden h-5 rounded border bg-sunken px-1.5 font-mono text-xs text-ink-faint sm:block"
      >
        /
      </kbd>
    </div>
  )
}
