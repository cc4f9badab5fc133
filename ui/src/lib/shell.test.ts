import { expect, test } from 'vitest'

import { shellQuote } from './shell'

test('plain words stay as they are', () => {
  expect(shellQuote('db-1.example:5432')).toBe('db-1.example:5432')
})

test('anything else is quoted so that a shell takes it as text', () => {
  expect(shellQuote('')).toBe("''")
  expect(shellQuote('$(reboot)')).toBe("'$(reboot)'")
  expect(shellQuote("it's")).toBe("'it'\\''s'")
  expect(shellQuote('postgresql://u@h/db?sslmode=disable')).toBe("'postgresql://u@h/db?sslmode=disable'")
})
