import { CircleAlert, CircleCheck, X } from 'lucide-react'
import { useEffect, useRef, useSyncExternalStore } from 'react'

import { dismissToast, toastStore } from '@/lib/toasts'

/** Where toasts appear. */
export function Toaster() {
  const toasts = useSyncExternalStore(toastStore.subscribe, toastStore.read)
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const element = ref.current
    if (!element) return
    // What was opened last lies above the rest. It is opened again only above a dialog, which hides
    // a status from screen readers anyway: they may miss what is said in one that has just been opened.
    const open = element.matches(':popover-open')
    if (open && !document.querySelector('dialog[open]')) return
    if (open) element.hidePopover()
    element.showPopover()
  }, [toasts])
  return (
    <div
      ref={ref}
      popover="manual"
      role="status"
      aria-label="Notifications"
      className="pointer-events-none fixed inset-x-4 top-auto bottom-4 m-0 flex w-auto flex-col items-end gap-2 overflow-visible border-0 bg-transparent p-0 text-inherit"
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
