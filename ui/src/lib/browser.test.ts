import { expect, test } from 'vitest'

import { newUUID } from './browser'

test('a new UUID is a version 4 one, and another each time', () => {
  expect(newUUID()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(newUUID()).not.toBe(newUUID())
})
