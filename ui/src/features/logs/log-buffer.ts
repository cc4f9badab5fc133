import type { Schema } from '@/lib/api'

import { atLeast, severityOf, type Severity } from './severity'

/** A line of a log, or a note about lines that are not there. */
export interface LogEntry {
  id: number
  text: string
  severity: Severity
  note?: true
}

/** How many lines are kept. */
export const KEPT = 5000

/** What has come of a log, the oldest first. The server has made each line text that can be shown. */
export interface LogBuffer {
  entries: readonly LogEntry[]
  nextID: number
}

export const emptyLog: LogBuffer = { entries: [], nextID: 1 }

/** The buffer with what a message brings. The oldest lines make room. */
export function withLines(buffer: LogBuffer, { lines, dropped }: Schema<'LogLines'>): LogBuffer {
  const entries = buffer.entries.slice()
  let nextID = buffer.nextID
  let severity = entries.at(-1)?.severity ?? 'log'
  if (dropped) {
    severity = 'log' // whose line goes on is not known
    entries.push({ id: nextID++, text: missing(dropped), severity, note: true })
  }
  for (const text of lines) {
    severity = severityOf(text) ?? severity
    entries.push({ id: nextID++, text, severity })
  }
  return { entries: entries.slice(-KEPT), nextID }
}

function missing(count: number): string {
  return count === 1
    ? '1 line was left out: it came too fast'
    : `${count} lines were left out: they came too fast`
}

/** Which lines are shown. */
export interface LogFilter {
  /** In upper or lower case. */
  text: string
  least: Severity
}

/** The entries that the filter lets through. Notes always stay. */
export function matching(entries: readonly LogEntry[], { text, least }: LogFilter): readonly LogEntry[] {
  const wish = text.toLowerCase()
  if (wish === '' && least === 'debug') return entries
  return entries.filter(
    (entry) => entry.note ?? (atLeast(entry.severity, least) && entry.text.toLowerCase().includes(wish)),
  )
}

/** How many lines came after the last of those shown. */
export function newSince(shown: readonly LogEntry[], now: readonly LogEntry[]): number {
  const last = shown.at(-1)?.id ?? 0
  return now.filter((entry) => entry.id > last && !entry.note).length
}

/** Where the log is to be had as a file. */
export function downloadURL(name: string, filter: string): string {
  const query = new URLSearchParams({ tail: '10000' })
  if (filter) query.set('filter', filter)
  return `/api/instances/${encodeURIComponent(name)}/logs?${query.toString()}`
}
