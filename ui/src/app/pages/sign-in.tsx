import { getRouteApi, useRouter } from '@tanstack/react-router'

import { Alert } from '@/components/alert'
import { Logo } from '@/components/logo'
import { safeReturnTo } from '@/features/session/return-to'
import { SignInProviders } from '@/features/session/sign-in-providers'
import { SignInForm } from '@/features/session/sign-in-form'

const route = getRouteApi('/sign-in')

export function SignInPage() {
  const { return_to, ended, problem } = route.useSearch()
  const router = useRouter()
  return (
    <main className="grid min-h-dvh place-items-center px-4 py-10">
      <title>Sign in · Toygres</title>
      <div className="w-full max-w-sm">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <Logo className="size-11" />
          <div>
            <h1 className="text-xl font-semibold tracking-tight">Sign in to Toygres</h1>
            <p className="mt-1 text-ink-soft">PostgreSQL as a service</p>
          </div>
        </div>
        {ended && (
          <Alert look="info" className="mb-4">
            Your session has ended. Sign in to go on where you were.
          </Alert>
        )}
        <div className="rounded-xl border bg-surface p-5 shadow-card sm:p-6">
          <SignInProviders returnTo={safeReturnTo(return_to)} problem={problem} />
          <SignInForm onSignedIn={() => router.history.replace(safeReturnTo(return_to))} />
        </div>
      </div>
    </main>
  )
}
