import { expect, test } from 'vitest'

import { sentence } from './text'

test('sentences begin with a capital, and quoted names stay as they are', () => {
  expect(sentence('must not be empty')).toBe('Must not be empty')
  expect(sentence('"mydb" is stopped')).toBe('"mydb" is stopped')
  expect(sentence('')).toBe('')
})
