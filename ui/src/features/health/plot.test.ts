import { expect, test } from 'vitest'

import { plot } from './plot'

const now = new Date('2026-03-01T12:00:00Z')

function point(minutesAgo: number, probes: number, failures: number, latency?: number) {
  return {
    at: new Date(now.getTime() - minutesAgo * 60_000).toISOString(),
    probes,
    failures,
    ...(latency !== undefined && { latency_mean_ms: latency }),
  }
}

test('a gap in the history is a gap in the line', () => {
  const { lines, answered } = plot(
    { span_seconds: 60, points: [point(50, 2, 0, 1), point(49, 2, 0, 3), point(30, 2, 0, 2)] },
    '1h',
    now,
  )
  expect(lines.map((line) => line.length)).toEqual([2, 1])
  expect(answered).toBe(1)
})

test('the scale is round and holds the greatest latency', () => {
  expect(plot({ span_seconds: 60, points: [point(5, 2, 0, 31)] }, '1h', now).top).toBe(50)
  expect(plot({ span_seconds: 60, points: [point(5, 2, 0, 0.2)] }, '1h', now).top).toBe(1)
  expect(plot({ span_seconds: 60, points: [] }, '1h', now)).toEqual({
    lines: [],
    failures: [],
    top: 1,
    answered: undefined,
  })
})

test('what failed stands where it did, with its part', () => {
  const { failures, lines, answered } = plot(
    { span_seconds: 60, points: [point(61, 4, 4), point(1, 4, 1, 2)] },
    '1h',
    now,
  )
  expect(failures.map(({ part }) => part)).toEqual([1, 0.25])
  expect(failures[0]?.x).toBeCloseTo(0)
  expect(failures[1]?.x).toBeCloseTo(60 / 61)
  expect(lines).toHaveLength(1)
  expect(answered).toBeCloseTo(3 / 8)
})
