import { useEffect, useRef, useState } from 'react'

import { useDebounced } from '@/lib/use-debounced'

import { TextField } from './field'

interface Props {
  label: string
  placeholder?: string
  value: string
  onChange: (value: string) => void
}

/** A text that a list is filtered by. It is told when typing has paused. */
export function FilterField({ value, onChange, ...field }: Props) {
  const [text, setText] = useState(value)
  const settled = useDebounced(text, 250)

  // What is asked for may change by itself: by the back button, or when filters are cleared.
  const [seen, setSeen] = useState(value)
  if (value !== seen) {
    setSeen(value)
    if (value !== settled.trim()) setText(value)
  }
  const latest = useRef({ value, onChange })
  useEffect(() => {
    latest.current = { value, onChange }
  })
  useEffect(() => {
    const { value, onChange } = latest.current
    if (settled.trim() !== value) onChange(settled.trim())
  }, [settled])

  return (
    <TextField
      {...field}
      maxLength={64}
      autoComplete="off"
      autoCapitalize="none"
      spellCheck={false}
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  )
}
