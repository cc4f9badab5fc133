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

  const press = (action: typeof stop, said: string) => () => {
    onError(undefined)
    action.mutate(undefined, { onSuccess: () => toast(`${said} ${name}`), onError })
  }
  const runs = state === 'running' || state === 'stopping' || state === 'restarting'
  const stopping = stop.isPending || state === 'stopping'
  const restarting = restart.isPending || state === 'restarting'
  return (
    <div className="flex gap-2">
      {runs && (
        <Button pending={restarting} disabled={stopping} onClick={press(restart, 'Restarting')}>
          <RotateCw aria-hidden />
          Restart
        </Button>
      )}
      {/* In one place, so that who has stopped it has the focus on the way back. */}
      {runs ? (
        <Button pending={stopping} disabled={restarting} onClick={press(stop, 'Stopping')}>
          <Square aria-hidden />
          Stop
        </Button>
      ) : state === 'stopped' || state === 'starting' ? (
        <Button
          look="primary"
          pending={start.isPending || state === 'starting'}
          onClick={press(start, 'Starting')}
        >
          <Play aria-hidden />
          Start
        </Button>
      ) : (
        state === 'trashed' && (
          <Button look="primary" pending={undelete.isPending} onClick={press(undelete, 'Bringing back')}>
            <ArchiveRestore aria-hidden />
            Undelete
          </Button>
        )
      )}
    </div>
  )
}
