import { expect, test } from 'vitest'

import { downloadURL, emptyLog, KEPT, matching, newSince, withLines } from './log-buffer'
import type { Severity } from './severity'

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
  const texts = (text: string) => matching(entries, { text, least: 'debug' }).map((entry) => entry.text)
  expect(texts('')).toHaveLength(4)
  expect(texts('error')).toEqual([entries[0]?.text, 'ERROR: a.b', 'error: axb'])
  expect(texts('A.B')).toContain('ERROR: a.b')
  expect(texts('A.B')).not.toContain('error: axb')
})

test('what belongs to a message is as bad as the message', () => {
  const at = '2026-03-01 12:00:00.123 UTC [42] client backend '
  const lines = [
    `${at}LOG:  ready`,
    `${at}ERROR:  relation "WARNING: none" does not exist`,
    `${at}STATEMENT:  SELECT 1`,
    '\tFATAL:  not really',
    `${at}WARNING:  careful`,
    `${at}FATAL:  over`,
    `${at}DEBUG1:  small`,
  ]
  const { entries } = withLines(withLines(emptyLog, { lines: lines.slice(0, 3) }), { lines: lines.slice(3) })
  const shown = (least: Severity) => matching(entries, { text: '', least }).map((e) => lines.indexOf(e.text))
  expect(shown('debug')).toHaveLength(7)
  expect(shown('log')).toEqual([0, 1, 2, 3, 4, 5])
  expect(shown('error')).toEqual([1, 2, 3, 5])
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
