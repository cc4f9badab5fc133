import { useId, type ReactNode } from 'react'

import { cx } from '@/lib/cx'

interface Props {
  title: ReactNode
  /** What stands at the right of the title. */
  aside?: ReactNode
  children: ReactNode
  className?: string
  /** Without padding, for lists that reach the edges. */
  flush?: boolean
}

/** A titled section of a page. */
export function Card({ title, aside, children, className, flush = false }: Props) {
  const heading = useId()
  return (
    <section
      aria-labelledby={heading}
      className={cx('min-w-0 overflow-hidden rounded-xl border bg-surface shadow-card', className)}
    >
      <header className="flex min-h-12 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b px-4 py-2 sm:px-5">
        <h2 id={heading} className="text-base font-semibold">
          {title}
        </h2>
        {aside}
      </header>
      <div className={flush ? '' : 'p-4 sm:p-5'}>{children}</div>
    </section>
  )
}
