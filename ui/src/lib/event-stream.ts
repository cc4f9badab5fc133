/** How the event stream is doing. */
export type StreamStatus = 'connecting' | 'live' | 'reconnecting'

/** The part of the browser's EventSource that is used. */
export interface Source {
  readonly readyState: number
  onopen: ((event: Event) => void) | null
  onerror: ((event: Event) => void) | null
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void
  close(): void
}

interface Options {
  /** The names of the events to hear. */
  types: readonly string[]
  onEvent: (data: unknown) => void
  onStatus: (status: StreamStatus) => void
  /** The stream is back after a gap, in which events may have been missed. */
  onGap: () => void
  /** The server refused the stream: the session may have ended. */
  onRefused: () => void
  connect: () => Source
}

const CLOSED = 2
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 10_000

/** An event stream that comes back by itself until it is closed. */
export interface EventStream {
  /** Drops the connection and makes a new one now. */
  reconnect: () => void
  /** Drops the connection until reconnect is called. */
  pause: () => void
  close: () => void
}

/**
 * Opens an event stream. A browser's EventSource comes back by itself from a
 * broken connection, but not when the server answers anything but 200, as a
 * proxy does while the server restarts; then a new one is made, with growing
 * pauses.
 */
export function openEventStream(options: Options): EventStream {
  let source: Source | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let wasLive = false

  const drop = () => {
    clearTimeout(timer)
    source?.close()
    source = undefined
  }

  const connect = () => {
    drop()
    const current = options.connect()
    source = current
    current.onopen = () => {
      failures = 0
      options.onStatus('live')
      if (wasLive) options.onGap()
      wasLive = true
    }
    current.onerror = () => {
      options.onStatus(wasLive || failures > 0 ? 'reconnecting' : 'connecting')
      if (current.readyState !== CLOSED) return
      failures++
      options.onRefused()
      timer = setTimeout(connect, Math.min(FIRST_DELAY_MS * 2 ** (failures - 1), LONGEST_DELAY_MS))
    }
    for (const type of options.types) {
      current.addEventListener(type, (event) => options.onEvent(JSON.parse(event.data)))
    }
  }

  options.onStatus('connecting')
  connect()
  return {
    reconnect: () => {
      options.onStatus('reconnecting')
      connect()
    },
    pause: drop,
    close: drop,
  }
}
