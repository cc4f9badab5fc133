import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { openEventStream, type Source, type StreamStatus } from './event-stream'

class FakeSource implements Source {
  readyState = 0
  onopen: ((event: Event) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  listeners = new Map<string, (event: MessageEvent<string>) => void>()
  closed = false
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void) {
    this.listeners.set(type, listener)
  }
  close() {
    this.closed = true
  }
  open() {
    this.readyState = 1
    this.onopen?.(new Event('open'))
  }
  fail(readyState: number) {
    this.readyState = readyState
    this.onerror?.(new Event('error'))
  }
  send(type: string, data: unknown) {
    this.listeners.get(type)?.(new MessageEvent(type, { data: JSON.stringify(data) }))
  }
}

function start() {
  const sources: FakeSource[] = []
  const statuses: StreamStatus[] = []
  const onEvent = vi.fn()
  const onGap = vi.fn()
  const onRefused = vi.fn()
  const stream = openEventStream({
    types: ['instance.state'],
    onEvent,
    onStatus: (status) => statuses.push(status),
    onGap,
    onRefused,
    connect: () => {
      const source = new FakeSource()
      sources.push(source)
      return source
    },
  })
  const latest = () => {
    const source = sources.at(-1)
    if (!source) throw new Error('no connection was made')
    return source
  }
  return { stream, sources, statuses, onEvent, onGap, onRefused, latest }
}

describe('event stream', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('hands on the events of the types asked for', () => {
    const s = start()
    s.latest().open()
    s.latest().send('instance.state', { id: '7' })
    expect(s.onEvent).toHaveBeenCalledWith({ id: '7' })
    expect(s.statuses.at(-1)).toBe('live')
  })

  test('reports no gap for the first connection', () => {
    const s = start()
    s.latest().open()
    expect(s.onGap).not.toHaveBeenCalled()
  })

  test('says it is reconnecting and reports the gap when the browser is back', () => {
    const s = start()
    s.latest().open()
    s.latest().fail(0)
    expect(s.statuses.at(-1)).toBe('reconnecting')
    expect(s.sources).toHaveLength(1)
    s.latest().open()
    expect(s.statuses.at(-1)).toBe('live')
    expect(s.onGap).toHaveBeenCalledTimes(1)
  })

  test('makes a new connection with growing pauses when the server refuses', () => {
    const s = start()
    s.latest().open()
    s.latest().fail(2)
    expect(s.onRefused).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(499)
    expect(s.sources).toHaveLength(1)
    vi.advanceTimersByTime(1)
    expect(s.sources).toHaveLength(2)
    s.latest().fail(2)
    vi.advanceTimersByTime(999)
    expect(s.sources).toHaveLength(2)
    vi.advanceTimersByTime(1)
    expect(s.sources).toHaveLength(3)
    s.latest().open()
    expect(s.onGap).toHaveBeenCalledTimes(1)
  })

  test('makes no connection after it was closed', () => {
    const s = start()
    s.latest().fail(2)
    s.stream.close()
    vi.runAllTimers()
    expect(s.sources).toHaveLength(1)
    expect(s.latest().closed).toBe(true)
  })

  test('pauses until it is asked to reconnect', () => {
    const s = start()
    s.latest().open()
    s.stream.pause()
    expect(s.latest().closed).toBe(true)
    s.stream.reconnect()
    s.latest().open()
    expect(s.sources).toHaveLength(2)
    expect(s.onGap).toHaveBeenCalledTimes(1)
  })
})
