import { expect, test } from 'vitest'

import { downloadURL, emptyLog, KEPT, matching, newSince, withLines } from './log-buffer'

test('lines are added behind those before, and the oldest make room', () => {
  let log = withLines(emptyLog, { lines: ['one', 'two'] })
  log = withLines(log, { lines: ['two'] })
  expect(log.entries.map((e) => e.text)).toEqual(['one', 'two', 'two'])
  expect(new Set(log.entries.map((e) => e.id)).size).toBe(3)
  const before = log.entries
  log = withLines(log, { lines: Array.from({ length: KEPT }, (_, i) => `line ${i}`) })
  expect(log.entries).toHaveLength(KEPT)
  expect(log.entries[0]?.text).toBe('line 0')
  expect(before).toHaveLength(3)
})

test('what was left out is said where it is missing', () => {
  let log = withLines(emptyLog, { lines: ['one'] })
  log = withLines(log, { lines: ['nine'], dropped: 7 })
  expect(log.entries.map((e) => e.text)).toEqual(['one', '7 lines were left out: they came too fast', 'nine'])
  expect(withLines(emptyLog, { lines: [], dropped: 1 }).entries[0]?.text).toContain('1 line was left out')
})

test('a filter ignores upper and lower case and is no pattern', () => {
  const { entries } = withLines(emptyLog, { lines: ['ERROR: a.b', 'error: axb', 'LOG: fine'], dropped: 2 })
  expect(matching(entries, '')).toHaveLength(4)
  expect(matching(entries, 'error').map((e) => e.text)).toEqual([
    entries[0]?.text,
    'ERROR: a.b',
    'error: axb',
  ])
  expect(matching(entries, 'A.B').map((e) => e.text)).toContain('ERROR: a.b')
  expect(matching(entries, 'A.B').map((e) => e.text)).not.toContain('error: axb')
})

test('lines that come while the view is held are counted', () => {
  const shown = withLines(emptyLog, { lines: ['one'] })
  const now = withLines(shown, { lines: ['two', 'three'], dropped: 4 })
  expect(newSince(shown.entries, now.entries)).toBe(2)
  expect(newSince(now.entries, now.entries)).toBe(0)
  expect(newSince([], now.entries)).toBe(3)
})

test('name and filter reach the server as they are', () => {
  expect(downloadURL('mydb', '')).toBe('/api/instances/mydb/logs?tail=10000')
  expect(downloadURL('a/b', 'x&tail=1 %')).toBe(
    '/api/instances/a%2Fb/logs?tail=10000&filter=x%26tail%3D1+%25',
  )
})
