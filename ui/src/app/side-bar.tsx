import { Link } from '@tanstack/react-router'
import { BookOpen } from 'lucide-react'

import { Logo } from '@/components/logo'
import type { Schema } from '@/lib/api'
import { cx } from '@/lib/cx'

import { navigationOf } from './navigation'

const item =
  'flex h-9 items-center gap-2.5 rounded-md px-2.5 font-medium transition-colors hover:bg-sunken hover:text-ink lg:h-8 [&_svg]:size-4 [&_svg]:shrink-0'
const here = 'bg-sunken text-ink [&_svg]:text-accent'
const elsewhere = 'text-ink-soft [&_svg]:text-ink-faint'

interface Props {
  role: Schema<'Role'>
  /** Called when the reader goes to a page. */
  onGo?: () => void
}

/** Leads to all pages: at the side of a wide window, and in a sheet on a phone. */
export function SideBar({ role, onGo }: Props) {
  return (
    <div className="flex min-h-full flex-col px-3 pb-4">
      <div className="flex h-14 shrink-0 items-center px-2">
        <HomeLink onClick={onGo} />
      </div>
      <nav aria-label="Main" className="mt-2 flex flex-1 flex-col gap-5">
        {navigationOf(role).map(({ title, items }) => (
          <div key={title ?? ''}>
            {title && <p className="mb-1 px-2.5 text-xs font-medium text-ink-faint">{title}</p>}
            <ul className="flex flex-col gap-0.5">
              {items.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    onClick={onGo}
                    activeOptions={{ exact: to === '/' }}
                    className={item}
                    activeProps={{ className: here }}
                    inactiveProps={{ className: elsewhere }}
                  >
                    <Icon aria-hidden />
                    {label}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
        <a href="/api/docs" className={cx(item, elsewhere, 'mt-auto')}>
          <BookOpen aria-hidden />
          API docs
        </a>
      </nav>
    </div>
  )
}

export function HomeLink({ onClick }: { onClick?: (() => void) | undefined }) {
  return (
    <Link
      to="/"
      onClick={onClick}
      aria-label="Toygres, home"
      className="flex items-center gap-2.5 rounded-md"
    >
      <Logo className="size-7" />
      <span className="text-lg font-semibold tracking-tight">Toygres</span>
    </Link>
  )
}
