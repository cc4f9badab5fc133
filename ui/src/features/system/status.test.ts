import { expect, test } from 'vitest'

import { backlog, isSilent } from './status'

const queue = {
  name: 'toygres',
  takes: 'activity' as const,
  backlog_age_seconds: 0,
  added_per_second: 0,
  dispatched_per_second: 0,
}

test('a worker that has not asked for two minutes is silent', () => {
  const worker = { identity: '1@host', takes: [], takes_new: true, last_seen_at: '2026-03-10T12:00:00Z' }
  expect(isSilent(worker, Date.parse('2026-03-10T12:01:30Z'))).toBe(false)
  expect(isSilent(worker, Date.parse('2026-03-10T12:02:30Z'))).toBe(true)
})

test('what waits is counted', () => {
  expect(backlog({ ...queue, backlog: 0, workers: 1 })).toBe('Nothing waits for 1 worker')
  expect(backlog({ ...queue, backlog: 1, workers: 2 })).toBe('1 waits for 2 workers')
  expect(backlog({ ...queue, backlog: 12, workers: 0 })).toBe('12 wait for 0 workers')
})
