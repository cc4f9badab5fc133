import { expect, test } from 'vitest'

import { limitOf, usedOf } from './quota'

test('use is shown with its limit where there is one', () => {
  expect(usedOf({ used: 3 })).toBe('3')
  expect(usedOf({ used: 3, limit: 0 })).toBe('3 of 0')
})

test('nothing typed is no limit of its own, zero is one', () => {
  expect(limitOf(' ')).toBeUndefined()
  expect(limitOf('0')).toBe(0)
  expect(limitOf(' 12 ')).toBe(12)
  for (const wrong of ['-1', '1.5', 'ten', '12345678901']) expect(limitOf(wrong)).toBeNull()
})
