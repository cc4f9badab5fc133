import { Play, Square } from 'lucide-react'

import { Button } from '@/components/button'
import type { Schema } from '@/lib/api'
import { toast } from '@/lib/toasts'

import { useInstanceAction } from './queries'

interface Props {
  instance: Schema<'Instance'>
  onError: (error: Error | undefined) => void
}

/** Stop for what runs, start for what is stopped, nothing for the rest. */
export function LifecycleButtons({ instance, onError }: Props) {
  const { name, state } = instance
  const stop = useInstanceAction('stop', name)
  const start = useInstanceAction('start', name)

  if (state === 'running' || state === 'stopping') {
    return (
      <Button
        pending={stop.isPending || state === 'stopping'}
        onClick={() => {
          onError(undefined)
          stop.mutate(undefined, { onSuccess: () => toast(`Stopping ${name}`), onError })
        }}
      >
        <Square aria-hidden />
        Stop
      </Button>
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
  return null
}
