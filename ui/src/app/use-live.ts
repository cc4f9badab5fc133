import { queryOptions, useQueryClient, type QueryKey } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import { answer, api, type Schema } from '@/lib/api'
import { coalesce } from '@/lib/coalesce'
import { openEventStream, type StreamStatus } from '@/lib/event-stream'

import { eventTypes, outdatedBy } from './live-events'

const BURST_MS = 200
// A browser allows few connections to one host, so tabs that nobody looks at give theirs back.
const HIDDEN_MS = 60_000

const sessionCheck = queryOptions({
  queryKey: ['session-check'],
  queryFn: () => answer(api.GET('/api/me')),
  staleTime: 0,
  gcTime: 0,
  retry: false,
})

/** Keeps the query cache fresh by the event stream. Returns how the stream is doing. */
export function useLive(): StreamStatus {
  const client = useQueryClient()
  const [status, setStatus] = useState<StreamStatus>('connecting')

  useEffect(() => {
    const refresh = coalesce<QueryKey>(
      (keys) => {
        for (const queryKey of keys) void client.invalidateQueries({ queryKey })
      },
      BURST_MS,
      (key) => JSON.stringify(key),
    )
    const stream = openEventStream({
      types: eventTypes,
      connect: () => new EventSource('/api/events'),
      onEvent: (event) => refresh.add(...outdatedBy(event as Schema<'Event'>)),
      onStatus: setStatus,
      onGap: () => void client.invalidateQueries(),
      // If the session ended, this finds out and leads to the sign-in page.
      onRefused: () => void client.query(sessionCheck).catch(() => undefined),
    })

    let hidden: ReturnType<typeof setTimeout> | undefined
    let paused = false
    const onVisibility = () => {
      clearTimeout(hidden)
      if (document.hidden) {
        hidden = setTimeout(() => {
          paused = true
          stream.pause()
        }, HIDDEN_MS)
      } else if (paused) {
        paused = false
        stream.reconnect()
      }
    }
    const onOnline = () => stream.reconnect()
    const onOffline = () => setStatus('reconnecting')
    document.addEventListener('visibilitychange', onVisibility)
    window.addEventListener('online', onOnline)
    window.addEventListener('offline', onOffline)
    return () => {
      clearTimeout(hidden)
      document.removeEventListener('visibilitychange', onVisibility)
      window.removeEventListener('online', onOnline)
      window.removeEventListener('offline', onOffline)
      stream.close()
      refresh.stop()
    }
  }, [client])
  return status
}
