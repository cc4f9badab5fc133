import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useSyncExternalStore } from 'react'

import { dismissToast, toastStore } from '@/lib/toasts'

/** Where toasts appear. */
export function Toaster() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read)
  return (
    <div
      role="status"
      aria-label="Notifications"
      className="pointer-events-none fixed inset-x-4 bottom-4 z-40 flex flex-col items-end gap-2"
    >
      {toasts.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex max-w-sm items-center gap-2.5 rounded-lg border bg-surface py-2 pr-2 pl-3.5 shadow-lift"
        >
          {toast.failed ? (
            <CircleAlert className="size-4 shrink-0 text-bad-ink" aria-hidden />
          ) : (
            <CircleCheck className="size-4 shrink-0 text-good-ink" aria-hidden />
          )}
          <span className="min-w-0 wrap-anywhere">{toast.text}</span>
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => dismissToast(toast.id)}
            className="grid size-7 shrink-0 place-items-center rounded-md text-ink-faint hover:bg-sunken hover:text-ink"
          >
            <X className="size-3.5" aria-hidden />
          </button>
        </div>
      ))}
    </div>
  )
}
