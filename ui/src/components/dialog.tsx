import { X } from 'lucide-react'
import { useId, type ReactNode } from 'react'

import { Modal } from './modal'

interface Props {
  title: string
  children: ReactNode
  onClose: () => void
}

/** A modal dialog with a title, open as long as it is rendered. */
export function Dialog({ title, children, onClose }: Props) {
  const heading = useId()
  return (
    <Modal labelledBy={heading} onClose={onClose}>
      <div className="p-5 sm:p-6">
        <div className="mb-3 flex items-start justify-between gap-4">
          <h2 id={heading} className="text-lg font-semibold wrap-anywhere">
            {title}
          </h2>
          <button
            type="button"
            aria-label="Close"
            onClick={onClose}
            className="-mt-1 -mr-1.5 grid size-8 shrink-0 place-items-center rounded-md text-ink-faint hover:bg-sunken hover:text-ink"
          >
            <X className="size-4" aria-hidden />
          </button>
        </div>
        {children}
      </div>
    </Modal>
  )
}

/** The buttons at the end of a dialog. */
export function DialogActions({ children }: { children: ReactNode }) {
  return <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end">{children}</div>
}
