import { expect, test } from 'vitest'

import { leftOf } from './progress'

test('what is left of a batch is counted and called by why it is left', () => {
  const none = { total: 5, waiting: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 }
  expect(leftOf({ ...none, succeeded: 5 })).toBeUndefined()
  expect(leftOf({ ...none, succeeded: 3, failed: 2 })).toBe('the 2 that failed')
  expect(leftOf({ ...none, succeeded: 4, failed: 1 })).toBe('the one that failed')
  expect(leftOf({ ...none, succeeded: 4, cancelled: 1 })).toBe('the one that was cancelled')
  expect(leftOf({ ...none, cancelled: 5 })).toBe('the 5 that were cancelled')
  expect(leftOf({ ...none, failed: 1, cancelled: 4 })).toBe('the 5 that did not succeed')
})
