import { Dot } from '@/components/badge'
import { useDebounced } from '@/lib/use-debounced'
import type { StreamStatus } from '@/lib/event-stream'

const SAID_AFTER_MS = 2500

/** Says whether what the page shows is live. */
export function LiveStatus({ status }: { status: StreamStatus }) {
  // A blink of the connection is not worth a word.
  const settled = useDebounced(status, SAID_AFTER_MS)
  const lost = status === 'reconnecting' && settled === 'reconnecting'
  return (
    <span
      role="status"
      data-testid="live-status"
      title={
        lost
          ? 'The connection to the server was lost. What you see may be out of date; it will be refreshed.'
          : 'Changes appear by themselves.'
      }
      className="flex h-8 items-center gap-2 rounded-md px-2 text-sm text-ink-faint"
    >
      <Dot tone={lost ? 'warn' : status === 'live' ? 'good' : 'neutral'} pulse={lost} />
      {lost ? (
        <span className="font-medium text-warn-ink">
          Disconnected<span className="max-sm:sr-only">, trying again</span>
        </span>
      ) : (
        <span className="max-sm:sr-only">{status === 'live' ? 'Live' : 'Connecting…'}</span>
      )}
    </span>
  )
}
