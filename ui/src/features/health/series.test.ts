import { expect, test } from 'vitest'

import { latencyText, percentText, seriesOf } from './series'

const now = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000
const always = { now, created: 0 }

function point(minutesAgo: number, probes: number, failures: number, latency?: number) {
  return {
    at: new Date(now - minutesAgo * MINUTE).toISOString(),
    probes,
    failures,
    ...(latency !== undefined && { latency_mean_ms: latency, latency_max_ms: 2 * latency }),
  }
}

test('what was not probed is a gap that no line crosses', () => {
  const { samples, gaps } = seriesOf(
    {
      span_seconds: 60,
      points: [point(60, 2, 0, 1), point(59, 2, 0, 3), point(30, 2, 0, 2), point(1, 2, 0, 2)],
    },
    '1h',
    always,
  )
  expect(samples.map(({ mean }) => mean)).toEqual([1, 3, null, 2, null, 2])
  expect(gaps.map(({ from, to }) => [(now - from) / MINUTE, (now - to) / MINUTE])).toEqual([
    [58, 30],
    [29, 1],
  ])
})

test('before it was created there was nothing to be missed, and since it was last probed there was', () => {
  const { gaps } = seriesOf({ span_seconds: 60, points: [point(20, 2, 0, 1)] }, '1h', {
    now,
    created: now - 20.5 * MINUTE,
  })
  expect(gaps).toEqual([{ from: now - 19 * MINUTE, to: now }])
})

test('latency is weighed by what was answered', () => {
  const series = seriesOf(
    { span_seconds: 60, points: [point(3, 4, 4), point(2, 4, 1, 2), point(1, 1, 0, 6)] },
    '1h',
    always,
  )
  expect(series.answered).toBeCloseTo(4 / 9)
  expect(series.mean).toBeCloseTo(3)
  expect(series.most).toBe(12)
  expect(series.samples.slice(-3).map(({ failed }) => failed)).toEqual([1, 0.25, 0])
})

test('a history without probes tells nothing', () => {
  const { answered, mean, most } = seriesOf({ span_seconds: 3600, points: [] }, '7d', always)
  expect([answered, mean, most]).toEqual([undefined, undefined, undefined])
})

test('figures are rounded so that they can be read, and never to all', () => {
  expect([0.84, 12.4, 1540].map(latencyText)).toEqual(['0.8 ms', '12 ms', '1.5 s'])
  expect([1, 0.99999, 0].map(percentText)).toEqual(['100 %', '99.9 %', '0 %'])
})
