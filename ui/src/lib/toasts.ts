/** A short word to the user about what just happened. */
export interface Toast {
  id: number
  text: string
  failed: boolean
}

const SHOWN_MS = 5000

let toasts: readonly Toast[] = []
let lastID = 0
const listeners = new Set<() => void>()

function set(next: readonly Toast[]) {
  toasts = next
  for (const listener of listeners) listener()
}

/** Says text for a few seconds. */
export function toast(text: string) {
  show(text, false)
}

/** Says what failed where there is no better place for it: beside what was pressed. It stays until it is dismissed. */
export function toastError(text: string) {
  show(text, true)
}

function show(text: string, failed: boolean) {
  const id = ++lastID
  set([...toasts, { id, text, failed }])
  if (!failed) setTimeout(() => dismissToast(id), SHOWN_MS)
}

/** Takes a toast away. */
export function dismissToast(id: number) {
  set(toasts.filter((t) => t.id !== id))
}

/** The store, for useSyncExternalStore. */
export const toastStore = {
  subscribe: (listener: () => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  },
  read: () => toasts,
}
