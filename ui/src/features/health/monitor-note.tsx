import { useQuery } from '@tanstack/react-query'

import { Alert } from '@/components/alert'
import { humanDuration } from '@/lib/time'

import { monitorQuery } from './queries'

/** Says so when what is shown of health may be old. */
export function MonitorNote() {
  const monitor = useQuery(monitorQuery).data
  if (!monitor || monitor.state === 'watching') return null
  return (
    <Alert look="warn" className="mb-5">
      {monitor.state === 'paused'
        ? 'The monitor is paused: nobody watches the health of instances.'
        : `The monitor is ${humanDuration(monitor.lag_seconds * 1000)} behind: what is shown of health may be old.`}
    </Alert>
  )
}
