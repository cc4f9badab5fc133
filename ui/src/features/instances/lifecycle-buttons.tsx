import { ArchiveRestore, Play, RotateCw, Square } from 'lucide-react'

import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useInstanceAction } from './queries'

interface Props {
  instance: Schema<'Instance'>
  onError: (error: Error | undefined) => void
}

/** Restart and stop for what runs, start for what is stopped, undelete for what is in the trash, nothing for the rest. */
export function LifecycleButtons({ instance, onError }: Props) {
  const { name, state } = instance
  const stop = useInstanceAction('stop', name)
  const start = useInstanceAction('start', name)
  const restart = useInstanceAction('restart', name)
  const undelete = useInstanceAction('undelete', name)

  if (state === 'running' || state === 'stopping' || state === 'restarting') {
    const stopping = stop.isPending || state === 'stopping'
    const restarting = restart.isPending || state === 'restarting'
    return (
      <div className="flex gap-2">
        <Button
          pending={restarting}
          disabled={stopping || restarting}
          onClick={() => {
            onError(undefined)
            restart.mutate(undefined, { onSuccess: () => toast(`Restarting ${name}`), onError })
          }}
        >
          <RotateCw aria-hidden />
          Restart
        </Button>
        <Button
          pending={stopping}
          disabled={stopping || restarting}
          onClick={() => {
            onError(undefined)
            stop.mutate(undefined, { onSuccess: () => toast(`Stopping ${name}`), onError })
          }}
        >
          <Square aria-hidden />
          Stop
        </Button>
      </div>
    )
  }
  if (state === 'stopped' || state === 'starting') {
    return (
      <Button
        look="primary"
        pending={start.isPending || state === 'starting'}
        onClick={() => {
          onError(undefined)
          start.mutate(undefined, { onSuccess: () => toast(`Starting ${name}`), onError })
        }}
      >
        <Play aria-hidden />
        Start
      </Button>
    )
  }
  if (state === 'trashed') {
    return (
      <Button
        look="primary"
        pending={undelete.isPending}
        onClick={() => {
          onError(undefined)
          undelete.mutate(undefined, { onSuccess: () => toast(`Bringing ${name} back`), onError })
        }}
      >
        <ArchiveRestore aria-hidden />
        Undelete
      </Button>
    )
  }
  return null
}
