import { Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'

import { cx } from '@/lib/cx'
import { useDebounced } from '@/lib/use-debounced'

interface Props {
  label: string
  placeholder?: string
  value: string
  maxLength?: number
  onChange: (value: string) => void
  /** The key that leads here from anywhere on the page. */
  hotkey?: string
  small?: boolean
  className?: string
}

/** A filter that is typed, and reported when the typing pauses. */
export function TextFilter(props: Props) {
  const { label, value, onChange, hotkey, small = false, className } = props
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
        event.key !== hotkey ||
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
  }, [hotkey])

  return (
    <div className={cx('relative min-w-0', className)}>
      {!small && (
        <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-faint" />
      )}
      <input
        ref={input}
        type={small ? 'text' : 'search'}
        aria-label={label}
        placeholder={props.placeholder ?? label}
        maxLength={props.maxLength ?? 100}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className={cx(
          'w-full rounded-md border bg-surface shadow-card placeholder:text-ink-faint hover:border-ink-faint [&::-webkit-search-cancel-button]:hidden',
          small ? 'h-8 px-2 text-sm' : 'h-9 pr-9 pl-9 text-base',
          small && value !== '' ? 'border-accent' : 'border-control',
        )}
      />
      {hotkey && (
        <kbd
          aria-hidden
          className="pointer-events-none absolute top-2 right-2 hidden h-5 rounded border bg-sunken px-1.5 font-mono text-xs text-ink-faint sm:block"
        >
          {hotkey}
        </kbd>
      )}
    </div>
  )
}
