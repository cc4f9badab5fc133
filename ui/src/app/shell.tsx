import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate } from '@tanstack/react-router'
import { BookOpen } from 'lucide-react'

import { Logo } from '@/components/logo'
import { Toaster } from '@/components/toaster'
import { useSignOut } from '@/features/session/queries'
import { UserMenu } from '@/features/session/user-menu'
import type { Schema } from '@/lib/api'
import { messageOf } from '@/lib/problem'
import { toast } from '@/lib/toasts'

import { LiveStatus } from './live-status'
import { navigation } from './navigation'
import { useLive } from './use-live'

const item =
  'flex h-8 items-center gap-2 rounded-md px-2.5 font-medium text-ink-soft transition-colors hover:bg-sunken hover:text-ink [&_svg]:size-4'

/** What surrounds every page of a user who is signed in. */
export function Shell({ me }: { me: Schema<'Me'> }) {
  const status = useLive()
  const client = useQueryClient()
  const navigate = useNavigate()
  const signOut = useSignOut()

  const leave = () =>
    signOut.mutate(undefined, {
      onSuccess: () => {
        client.clear()
        void navigate({ to: '/sign-in' })
      },
      onError: (error) => toast(`Signing out failed: ${messageOf(error)}`),
    })
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-2 text-accent-ink focus:translate-y-0"
      >
        Skip to content
      </a>
      <header className="sticky top-0 z-20 border-b bg-surface/95 backdrop-blur">
        <div className="mx-auto flex h-14 max-w-6xl items-center gap-1 px-4 sm:px-6">
          <Link
            to="/instances"
            aria-label="Toygres, home"
            className="mr-1 flex items-center gap-2.5 rounded-md sm:mr-3"
          >
            <Logo className="size-7" />
            <span className="hidden text-lg font-semibold tracking-tight sm:inline">Toygres</span>
          </Link>
          <nav aria-label="Main" className="flex items-center gap-1">
            {/* On a phone the icons stand alone: there is no room for their names. */}
            {navigation.map(({ to, label, icon: Icon }) => (
              <Link key={to} to={to} className={item} activeProps={{ className: 'bg-sunken text-ink' }}>
                <Icon aria-hidden />
                <span className="max-sm:sr-only">{label}</span>
              </Link>
            ))}
            <a href="/api/docs" className={item}>
              <BookOpen aria-hidden />
              <span className="max-sm:sr-only">API docs</span>
            </a>
          </nav>
          <div className="ml-auto flex items-center gap-1">
            <LiveStatus status={status} />
            <UserMenu me={me} onGo={(to) => void navigate({ to })} onSignOut={leave} />
          </div>
        </div>
      </header>
      <main id="main" tabIndex={-1} className="flex-1 outline-none">
        <Outlet />
      </main>
      <Toaster />
    </div>
  )
}
