import { useRouter, type ErrorComponentProps } from '@tanstack/react-router'
import { Unplug } from 'lucide-react'

import { Button } from '@/components/button'
import { EmptyState } from '@/components/empty-state'
import { ApiError, messageOf } from '@/lib/problem'

/** What stands where a page failed: the server is away, or we made a mistake. */
export function BrokenPage({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  const retry = () => {
    // A chunk that can't be loaded may be one of a build that was replaced.
    if (!(error instanceof ApiError)) {
      window.location.reload()
      return
    }
    reset()
    void router.invalidate()
  }
  return (
    <main className="grid min-h-80 place-items-center">
      <title>Trouble · Toygres</title>
      <EmptyState
        asPage
        icon={Unplug}
        title={error instanceof ApiError ? error.problem.title : 'This page could not be shown'}
        action={
          <Button look="primary" onClick={retry}>
            {error instanceof ApiError ? 'Try again' : 'Reload'}
          </Button>
        }
      >
        <p role="alert" className="wrap-anywhere">
          {messageOf(error)}
        </p>
      </EmptyState>
    </main>
  )
}
