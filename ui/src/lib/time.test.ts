import { expect, test } from 'vitest'

import { exactTime, humanDuration, humanTime } from './time'

const now = new Date('2026-03-10T12:00:00Z')

test.each([
  ['2026-03-10T11:59:58Z', 'just now'],
  ['2026-03-10T11:59:20Z', '40 seconds ago'],
  ['2026-03-10T11:58:30Z', '1 minute ago'],
  ['2026-03-10T09:10:00Z', '2 hours ago'],
  ['2026-03-09T11:00:00Z', 'yesterday'],
  ['2026-03-03T11:00:00Z', '7 days ago'],
  ['2026-01-03T11:00:00Z', 'Jan 3, 2026'],
  ['2026-03-10T12:00:30Z', 'in 30 seconds'],
])('%s is %s', (then, words) => {
  expect(humanTime(new Date(then), now)).toBe(words)
})

test('the exact time is in UTC to the second', () => {
  expect(exactTime(new Date('2026-03-01T15:05:09.123+01:00'))).toBe('2026-03-01 14:05:09 UTC')
})

test.each([
  [-5, '0 ms'],
  [850, '850 ms'],
  [2449, '2.4 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [185_000, '3 min 5 s'],
  [3_720_000, '1 h 2 min'],
  [90_000_000, '1 d 1 h'],
])('%d ms is %s', (ms, words) => {
  expect(humanDuration(ms)).toBe(words)
})
