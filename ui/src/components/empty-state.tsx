import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

interface Props {
  icon: LucideIcon
  title: string
  children?: ReactNode
  action?: ReactNode
  /** The title is the page's own heading. */
  asPage?: boolean
}

/** What stands where there is nothing yet, and what to do about it. */
export function EmptyState({ icon: Icon, title, children, action, asPage = false }: Props) {
  const Heading = asPage ? 'h1' : 'h2'
  return (
    <div className="mx-auto flex max-w-md flex-col items-center px-4 py-14 text-center">
      <span className="mb-4 grid size-11 place-items-center rounded-xl border bg-surface text-ink-faint shadow-card">
        <Icon className="size-5" aria-hidden />
      </span>
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children && <div className="mt-1.5 text-ink-soft">{children}</div>}
      {action && <div className="mt-5 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  )
}
