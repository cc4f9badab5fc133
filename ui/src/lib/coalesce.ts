/**
 * Gathers calls: the first is handed on at once, those that follow within
 * waitMs together when it is over. A burst of events thus costs two requests
 * and not a hundred.
 */
export function coalesce<T>(flush: (items: T[]) => void, waitMs: number, keyOf: (item: T) => string) {
  let waiting = new Map<string, T>()
  let timer: ReturnType<typeof setTimeout> | undefined

  const hand = () => {
    timer = undefined
    if (waiting.size === 0) return
    const items = [...waiting.values()]
    waiting = new Map()
    timer = setTimeout(hand, waitMs)
    flush(items)
  }
  return {
    add: (...items: T[]) => {
      for (const item of items) waiting.set(keyOf(item), item)
      if (timer === undefined) hand()
    },
    stop: () => clearTimeout(timer),
  }
}
