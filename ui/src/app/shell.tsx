import { useQueryClient } from '@tanstack/react-query'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { Menu } from 'lucide-react'
import { lazy, Suspense, useState } from 'react'

import { Button } from '@/components/button'
import { Modal } from '@/components/modal'
import { Toaster } from '@/components/toaster'
import { useSignOut } from '@/features/session/queries'
import { UserMenu } from '@/features/session/user-menu'
import type { Schema } from '@/lib/api'
import { messageOf } from '@/lib/problem'
import { toastError } from '@/lib/toasts'

import { LiveStatus } from './live-status'
import { SearchButton } from './search-button'
import { ShortcutsDialog } from './shortcuts-dialog'
import { HomeLink, SideBar } from './side-bar'
import { useLive } from './use-live'
import { useShortcuts } from './use-shortcuts'

const CommandPalette = lazy(async () => ({ default: (await import('./command-palette')).CommandPalette }))

/** What surrounds every page of a user who is signed in. */
export function Shell({ me }: { me: Schema<'Me'> }) {
  const status = useLive()
  const client = useQueryClient()
  const navigate = useNavigate()
  const signOut = useSignOut()
  const [open, setOpen] = useState<'menu' | 'palette' | 'help'>()
  const close = () => setOpen(undefined)
  useShortcuts({ onPalette: () => setOpen('palette'), onHelp: () => setOpen('help') })

  const leave = () =>
    signOut.mutate(undefined, {
      onSuccess: () => {
        client.clear()
        void navigate({ to: '/sign-in' })
      },
      onError: (error) => toastError(`Signing out failed: ${messageOf(error)}`),
    })
  return (
    <div className="lg:grid lg:grid-cols-[15rem_minmax(0,1fr)]">
      <a
        href="#main"
        className="absolute top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-2 text-accent-ink focus:translate-y-0"
      >
        Skip to content
      </a>
      <div className="sticky top-0 hidden h-dvh overflow-y-auto border-r bg-surface lg:block">
        <SideBar role={me.role} />
      </div>
      <div className="flex min-h-dvh min-w-0 flex-col">
        <header className="sticky top-0 z-20 border-b bg-surface/95 backdrop-blur">
          <div className="flex h-14 items-center gap-1 px-2 sm:px-6 lg:px-8">
            <div className="flex items-center gap-1 lg:hidden">
              <Button look="ghost" className="px-2" aria-label="Menu" onClick={() => setOpen('menu')}>
                <Menu aria-hidden />
              </Button>
              <HomeLink />
            </div>
            <div className="max-sm:ml-auto lg:-ml-2">
              <SearchButton onClick={() => setOpen('palette')} />
            </div>
            <div className="flex items-center gap-1 sm:ml-auto">
              <LiveStatus status={status} />
              <UserMenu me={me} onAccount={() => void navigate({ to: '/account' })} onSignOut={leave} />
            </div>
          </div>
        </header>
        <main id="main" tabIndex={-1} className="flex-1 outline-none">
          <Outlet />
        </main>
      </div>
      {open === 'menu' && (
        <Modal label="Menu" place="left" onClose={close}>
          <SideBar role={me.role} onGo={close} />
        </Modal>
      )}
      {open === 'palette' && (
        <Suspense>
          <CommandPalette role={me.role} onHelp={() => setOpen('help')} onSignOut={leave} onClose={close} />
        </Suspense>
      )}
      {open === 'help' && <ShortcutsDialog onClose={close} />}
      <Toaster />
    </div>
  )
}
