import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { coalesce } from './coalesce'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('the first call is handed on at once and a burst together, without doubles', () => {
  const flush = vi.fn()
  const c = coalesce<string>(flush, 200, (item) => item)
  c.add('a')
  expect(flush).toHaveBeenCalledExactlyOnceWith(['a'])
  c.add('b')
  c.add('c', 'b')
  expect(flush).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(200)
  expect(flush).toHaveBeenLastCalledWith(['b', 'c'])
  vi.advanceTimersByTime(1000)
  expect(flush).toHaveBeenCalledTimes(2)
  c.add('a')
  expect(flush).toHaveBeenCalledTimes(3)
})

test('nothing is handed on after stop', () => {
  const flush = vi.fn()
  const c = coalesce<string>(flush, 200, (item) => item)
  c.add('a')
  c.add('b')
  c.stop()
  vi.runAllTimers()
  expect(flush).toHaveBeenCalledTimes(1)
})
