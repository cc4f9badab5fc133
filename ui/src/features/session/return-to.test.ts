import { expect, test } from 'vitest'

import { HOME, safeReturnTo } from './return-to'

test('a page of ours is returned to, with its search', () => {
  expect(safeReturnTo('/instances/mydb')).toBe('/instances/mydb')
  expect(safeReturnTo('/instances?state=running#top')).toBe('/instances?state=running#top')
})

test.each([
  undefined,
  '',
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  '/sign-in',
  '/sign-in?return_to=/x',
])('%j leads home', (wanted) => {
  expect(safeReturnTo(wanted)).toBe(HOME)
})
