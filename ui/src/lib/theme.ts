import { useSyncExternalStore } from 'react'

/** What the user chose; `system` follows the operating system. */
export type Theme = 'light' | 'dark' | 'system'

// public/theme.js reads the same key before the first paint.
const KEY = 'toygres.theme'
const listeners = new Set<() => void>()
const systemDark = matchMedia('(prefers-color-scheme: dark)')

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY)
    return value === 'light' || value === 'dark' ? value : 'system'
  } catch {
    return 'system' // storage is blocked
  }
}

let current = stored()

function apply() {
  const dark = current === 'dark' || (current === 'system' && systemDark.matches)
  document.documentElement.classList.toggle('dark', dark)
  for (const listener of listeners) listener()
}

systemDark.addEventListener('change', apply)
window.addEventListener('storage', (event) => {
  if (event.key !== KEY) return
  current = stored()
  apply()
})

/** Changes the theme, and remembers it in this browser. */
export function setTheme(theme: Theme) {
  current = theme
  try {
    if (theme === 'system') localStorage.removeItem(KEY)
    else localStorage.setItem(KEY, theme)
  } catch {
    // Storage is blocked: the choice lasts as long as the page.
  }
  apply()
}

/** The theme that the user chose. */
export function useTheme(): Theme {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => current,
  )
}
