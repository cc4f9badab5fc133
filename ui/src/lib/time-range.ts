const HOUR = 3_600_000

const lengths = { '1h': HOUR, '24h': 24 * HOUR, '7d': 7 * 24 * HOUR, '30d': 30 * 24 * HOUR }

/** A length of time that ends now. */
export type Span = keyof typeof lengths

/** A part of the past: up to now, or between two moments in ISO format. What is absent bounds nothing. */
export interface TimeRange {
  within?: Span | undefined
  since?: string | undefined
  until?: string | undefined
}

/** The range that a URL asks for; what makes no sense there is left out. */
export function parseTimeRange(search: Record<string, unknown>): TimeRange {
  const { within } = search
  if (typeof within === 'string' && Object.hasOwn(lengths, within)) return { within: within as Span }
  const since = moment(search.since)
  const until = moment(search.until)
  return { ...(since && { since }), ...(until && { until }) }
}

function moment(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}

/** What range bounds, as the API takes it. */
export function boundsOf(
  { within, since, until }: TimeRange,
  now: number,
): { since?: string; until?: string } {
  if (within) return { since: new Date(now - lengths[within]).toISOString() }
  return { ...(since && { since }), ...(until && { until }) }
}

/** A moment as an input of date and time has it, in the user's zone; "" for none. */
export function toLocal(iso: string | undefined): string {
  if (!iso) return ''
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** The moment that such an input holds; undefined while it holds none. */
export function fromLocal(local: string): string | undefined {
  const at = Date.parse(local) // without a zone, hence in the user's
  return Number.isNaN(at) ? undefined : new Date(at).toISOString()
}
