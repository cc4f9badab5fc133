import { useEffect, useRef } from 'react'

interface Shortcuts {
  onPalette: () => void
  onHelp: () => void
}

/** Ctrl-K or Cmd-K goes anywhere, a slash to the search of the page, and a question mark tells. */
export function useShortcuts(shortcuts: Shortcuts) {
  const latest = useRef(shortcuts)
  useEffect(() => {
    latest.current = shortcuts
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return
      const action = actionOf(event)
      if (!action) return
      event.preventDefault()
      const search = document.querySelector<HTMLInputElement>('main input[type=search]')
      if (action === 'help') latest.current.onHelp()
      else if (action === 'search' && search) search.focus()
      else latest.current.onPalette()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}

function actionOf(event: KeyboardEvent): 'palette' | 'search' | 'help' | undefined {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey)
    return event.key.toLowerCase() === 'k' ? 'palette' : undefined
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return undefined
  return event.key === '/' ? 'search' : event.key === '?' ? 'help' : undefined
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches('input, textarea, select, [role=menu], [role=menu] *'))
  )
}

/** How the key that goes with others is called here. */
export const modifier = navigator.userAgent.includes('Mac') ? '⌘' : 'Ctrl'
