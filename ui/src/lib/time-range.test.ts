import { expect, test } from 'vitest'

import { boundsOf, fromLocal, parseTimeRange, toLocal } from './time-range'

test('a URL gives a range, and nonsense in it none', () => {
  expect(parseTimeRange({ within: '24h', since: '2026-03-10T12:00:00Z' })).toEqual({ within: '24h' })
  expect(parseTimeRange({ since: '2026-03-10T13:00:00+01:00' })).toEqual({
    since: '2026-03-10T12:00:00.000Z',
  })
  for (const within of ['constructor', '2h', 24]) expect(parseTimeRange({ within })).toEqual({})
  expect(parseTimeRange({ since: 'yesterday', until: '<b>' })).toEqual({})
})

test('a range up to now moves with the clock', () => {
  const now = Date.parse('2026-03-10T12:00:00Z')
  expect(boundsOf({ within: '1h' }, now)).toEqual({ since: '2026-03-10T11:00:00.000Z' })
  expect(boundsOf({ until: '2026-03-01T00:00:00.000Z' }, now)).toEqual({ until: '2026-03-01T00:00:00.000Z' })
  expect(boundsOf({}, now)).toEqual({})
})

test('what is typed in the zone of the user comes back as it was', () => {
  expect(toLocal(fromLocal('2026-07-01T09:30'))).toBe('2026-07-01T09:30')
  expect(fromLocal('')).toBeUndefined()
  expect(toLocal(undefined)).toBe('')
})
