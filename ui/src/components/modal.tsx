import { useEffect, useRef, type ReactNode } from 'react'

import { cx } from '@/lib/cx'

const places = {
  centre: 'm-auto w-[min(30rem,calc(100vw-2rem))] rounded-xl border',
  top: 'mx-auto mt-[12vh] mb-auto w-[min(36rem,calc(100vw-2rem))] overflow-hidden rounded-xl border',
  left: 'mr-auto h-dvh max-h-none w-[min(18rem,calc(100vw-3rem))] border-r',
}

interface Props {
  /** The id of its heading; or give it a label. */
  labelledBy?: string
  label?: string
  place?: keyof typeof places
  children: ReactNode
  onClose: () => void
}

/**
 * A box above the page, open as long as it is rendered. The browser's own element
 * keeps the focus inside, gives it back, and closes on Escape; unlike most
 * libraries it needs no style element, which our Content-Security-Policy forbids.
 */
export function Modal({ labelledBy, label, place = 'centre', children, onClose }: Props) {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    const opener = document.activeElement
    dialog?.showModal()
    dialog?.querySelector('input')?.focus()
    return () => {
      dialog?.close()
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={labelledBy}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onMouseDown={(event) => {
        if (event.target === event.currentTarget) onClose()
      }}
      className={cx('bg-surface p-0 text-ink shadow-lift', places[place])}
    >
      {children}
    </dialog>
  )
}
