import type { Schema } from '@/lib/api'

import type { Window } from './queries'

const HOUR = 3_600_000
const lengths: Record<Window, number> = {
  '1h': HOUR,
  '24h': 24 * HOUR,
  '7d': 7 * 24 * HOUR,
  '30d': 30 * 24 * HOUR,
}

/** What was found in one span of a history. */
export interface Sample {
  /** When the span begins, in milliseconds. */
  at: number
  /** Milliseconds; null when no probe was answered. */
  mean: number | null
  most: number | null
  probes: number
  failures: number
  /** The part of the probes that failed. */
  failed: number
}

/** A history as it is drawn. */
export interface Series {
  /** From when to when, in milliseconds. */
  from: number
  to: number
  /** With one empty sample in each gap, so that no line crosses it. */
  samples: Sample[]
  /** When nobody asked: it was stopped, not watched, or the monitor was paused. */
  gaps: { from: number; to: number }[]
  /** The part of all probes that were answered; undefined when there was none. */
  answered: number | undefined
  /** The mean and the longest latency in milliseconds; undefined when no probe was answered. */
  mean: number | undefined
  most: number | undefined
}

/** What is to be drawn at the moment now of the history of an instance that was created then. */
export function seriesOf(
  history: Pick<Schema<'HealthHistory'>, 'points' | 'span_seconds'>,
  window: Window,
  { now, created }: { now: number; created: number },
): Series {
  const span = history.span_seconds * 1000
  const from = Math.floor((now - lengths[window]) / span) * span
  const series: Series = {
    from,
    to: now,
    samples: [],
    gaps: [],
    answered: undefined,
    mean: undefined,
    most: undefined,
  }
  let probes = 0
  let failures = 0
  let sum = 0
  let known = Math.max(from, created)
  const gapUntil = (to: number) => {
    // Less than that is the span that has only just begun, or that it was created in.
    if (to - known < 1.5 * span) return
    series.gaps.push({ from: known, to })
    series.samples.push({ at: (known + to) / 2, mean: null, most: null, probes: 0, failures: 0, failed: 0 })
  }
  for (const point of history.points) {
    const at = Date.parse(point.at)
    gapUntil(at)
    const { latency_mean_ms: mean, latency_max_ms: most } = point
    series.samples.push({
      at,
      mean: mean ?? null,
      most: most ?? null,
      probes: point.probes,
      failures: point.failures,
      failed: point.failures / point.probes,
    })
    probes += point.probes
    failures += point.failures
    sum += (mean ?? 0) * (point.probes - point.failures)
    if (most !== undefined) series.most = Math.max(series.most ?? 0, most)
    known = at + span
  }
  gapUntil(now)
  if (probes > 0) series.answered = (probes - failures) / probes
  if (probes > failures) series.mean = sum / (probes - failures)
  return series
}

/** A latency in words: "0.8 ms", "12 ms", "1.5 s". */
export function latencyText(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`
  return ms < 1000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 100) / 10} s`
}

/** A part in per cent, rounded down, so that only all is 100 %. */
export function percentText(part: number): string {
  return `${Math.floor(part * 1000) / 10} %`
}
