import type { Schema } from '@/lib/api'

/** Where a history is drawn: x and y from 0 to 1, y downwards. */
export interface Plot {
  /** The mean latency, a line for each time without a gap. */
  lines: { x: number; y: number }[][]
  /** The spans in which probes failed, with the part of them that did. */
  failures: { x: number; width: number; part: number }[]
  /** The latency at the top, in milliseconds. */
  top: number
  /** The part of all probes that were answered; undefined when there was none. */
  answered: number | undefined
}

const SECONDS = { '1h': 3600, '24h': 24 * 3600, '30d': 30 * 24 * 3600 } as const

/** What is to be drawn of a history at the moment now. */
export function plot(
  history: Pick<Schema<'HealthHistory'>, 'points' | 'span_seconds'>,
  window: keyof typeof SECONDS,
  now: Date,
): Plot {
  const span = history.span_seconds * 1000
  const length = SECONDS[window] * 1000 + span
  const start = now.getTime() - length
  const top = roundUp(Math.max(...history.points.map((point) => point.latency_mean_ms ?? 0), 0))
  const result: Plot = { lines: [], failures: [], top, answered: undefined }
  let probes = 0
  let failed = 0
  let last = -Infinity
  for (const point of history.points) {
    const at = new Date(point.at).getTime()
    const left = Math.max((at - start) / length, 0)
    probes += point.probes
    failed += point.failures
    if (point.failures > 0) {
      result.failures.push({ x: left, width: span / length, part: point.failures / point.probes })
    }
    if (point.latency_mean_ms === undefined) continue
    if (at - last > 1.5 * span) result.lines.push([])
    result.lines.at(-1)?.push({ x: left + span / length / 2, y: 1 - point.latency_mean_ms / top })
    last = at
  }
  if (probes > 0) result.answered = (probes - failed) / probes
  return result
}

// The next of 1, 2, 5, 10, 20, … that is not less, and at least 1.
function roundUp(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(ms, 1)))
  return ([1, 2, 5, 10].find((step) => step * power >= ms) ?? 10) * power
}
