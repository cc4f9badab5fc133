const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const date = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short', year: 'numeric' })

/** How long ago (or ahead) then is, in words; a date when it is more than four weeks. */
export function humanTime(then: Date, now: Date): string {
  const ms = then.getTime() - now.getTime()
  const size = Math.abs(ms)
  if (size < 5 * SECOND) return 'just now'
  if (size < MINUTE) return relative.format(Math.trunc(ms / SECOND), 'second')
  if (size < HOUR) return relative.format(Math.trunc(ms / MINUTE), 'minute')
  if (size < DAY) return relative.format(Math.trunc(ms / HOUR), 'hour')
  if (size < 28 * DAY) return relative.format(Math.trunc(ms / DAY), 'day')
  return date.format(then)
}

/** The exact moment, for example "2026-03-01 14:05:09 UTC". */
export function exactTime(then: Date): string {
  return `${then.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

const local = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' })

/** The exact moment as the user's clock shows it, for example "Mar 1, 2026 at 3:05:09 PM GMT+1". */
export function localTime(then: Date): string {
  return local.format(then)
}

/** A length of time, for example "850 ms", "2.4 s", "3 min 5 s". */
export function humanDuration(ms: number): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 10 * SECOND) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)} s`
  if (ms < HOUR) return two(ms, MINUTE, 'min', SECOND, 's')
  if (ms < DAY) return two(ms, HOUR, 'h', MINUTE, 'min')
  return two(ms, DAY, 'd', HOUR, 'h')
}

function two(ms: number, big: number, bigName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % big) / small)
  return `${Math.floor(ms / big)} ${bigName}${rest > 0 ? ` ${rest} ${smallName}` : ''}`
}
