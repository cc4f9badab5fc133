import { expect, test } from 'vitest'

import { isNumeric, resultSummary, valueText } from './value-text'

test('values are shown as what they are, and null as nothing', () => {
  expect(valueText(null)).toBeUndefined()
  expect(valueText('')).toBe('')
  expect(valueText('9007199254740993')).toBe('9007199254740993')
  expect(valueText(false)).toBe('false')
  expect(valueText([1, null, 'a'])).toBe('[1,null,"a"]')
})

test('numbers stand at the right, lists of them do not', () => {
  expect(isNumeric({ name: 'n', type: 'numeric(10,2)' })).toBe(true)
  expect(isNumeric({ name: 'n', type: 'integer[]' })).toBe(false)
  expect(isNumeric({ name: 'n', type: 'text' })).toBe(false)
})

test('the summary says what was left out', () => {
  const result = {
    columns: [],
    rows: [],
    row_count: 0,
    command: 'DELETE 3',
    read_only: false,
    duration_ms: 7,
  }
  expect(resultSummary(result)).toBe('DELETE 3 · 7 ms')
  const rows = { ...result, columns: [{ name: 'n', type: 'integer' }], rows: [[1]], row_count: 1 }
  expect(resultSummary(rows)).toBe('1 row · 7 ms')
  expect(resultSummary({ ...rows, truncated: 'rows' as const })).toBe('1 row · there are more · 7 ms')
})
