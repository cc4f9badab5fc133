import { useEffect, useState } from 'react'

import { answer, api, type Schema } from '@/lib/api'
import { openEventStream, type StreamStatus } from '@/lib/event-stream'

import { emptyLog, withLines, type LogEntry } from './log-buffer'

const TAIL = 500
// A busy server writes much more often than anybody can read.
const FLUSH_MS = 100

interface Log {
  entries: readonly LogEntry[]
  status: StreamStatus | 'ended'
  /** Why there is no log, or no more of it. */
  error: Error | undefined
}

/** Follows the log of the instance called name. After a lost connection it begins anew with the last lines. */
export function useLog(name: string): Log {
  const [entries, setEntries] = useState<readonly LogEntry[]>([])
  const [status, setStatus] = useState<Log['status']>('connecting')
  const [error, setError] = useState<Error>()

  useEffect(() => {
    let buffer = emptyLog
    let timer: ReturnType<typeof setTimeout> | undefined
    let closed = false
    const flush = () => {
      timer = undefined
      setEntries(buffer.entries)
    }
    const show = () => (timer ??= setTimeout(flush, FLUSH_MS))
    const path = `/api/instances/${encodeURIComponent(name)}/logs?follow=true&tail=${TAIL}`
    const stream = openEventStream({
      types: ['log', 'end'],
      connect: () => new EventSource(path),
      onEvent: (data) => {
        const message = data as Schema<'LogLines'> | Schema<'LogEnd'>
        if ('lines' in message) {
          buffer = withLines(buffer, message)
          show()
          return
        }
        stream.close()
        setStatus('ended')
        if (message.code !== undefined) setError(new Error(message.reason))
      },
      onStatus: (next) => {
        setStatus(next)
        if (next === 'live') setError(undefined)
      },
      onGap: () => {
        buffer = { ...emptyLog, nextID: buffer.nextID }
        show()
      },
      // A browser does not tell why; asked otherwise, the server does.
      onRefused: () =>
        void answer(
          api.GET('/api/instances/{name}/logs', {
            params: { path: { name }, query: { tail: 0 } },
            parseAs: 'text',
          }),
        ).catch((reason: unknown) => {
          if (!closed && reason instanceof Error) setError(reason)
        }),
    })
    return () => {
      closed = true
      clearTimeout(timer)
      stream.close()
    }
  }, [name])
  return { entries, status, error }
}
