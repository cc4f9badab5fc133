import { useSyncExternalStore } from 'react'

// One timer for each period, however many dates a page shows.
class Clock {
  private now = Date.now()
  private timer: ReturnType<typeof setInterval> | undefined
  private readonly listeners = new Set<() => void>()

  constructor(private readonly periodMs: number) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener)
    this.timer ??= setInterval(() => this.tick(), this.periodMs)
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  // A clock that nobody watched may be behind.
  readonly read = () => {
    if (this.timer === undefined) this.now = Math.max(this.now, Math.floor(Date.now() / 250) * 250)
    return this.now
  }

  private tick() {
    this.now = Date.now()
    for (const listener of this.listeners) listener()
  }
}

const clocks = { second: new Clock(1000), halfMinute: new Clock(30_000) }

/** The present moment in milliseconds, kept up to date at the given pace. */
export function useNow(pace: keyof typeof clocks): number {
  return useSyncExternalStore(clocks[pace].subscribe, clocks[pace].read)
}
