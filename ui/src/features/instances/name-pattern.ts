const PATTERN = /^([^{}]*)\{(\d{1,9})\.\.(\d{1,9})\}([^{}]*)$/

/** How many instances one request may ask for. */
export const MAX_BATCH = 500

/** What a name with a range of numbers stands for, such as load-{001..100}; undefined when there is none in it. */
export function rangeOf(name: string): { count: number; first: string; last: string } | undefined {
  const parts = PATTERN.exec(name)
  if (!parts) return undefined
  const [, before = '', from = '', to = '', after = ''] = parts
  const padded = [from, to].some((number) => number.length > 1 && number.startsWith('0'))
  const width = padded ? Math.max(from.length, to.length) : 0
  const nameOf = (n: number) => before + String(n).padStart(width, '0') + after
  return {
    count: Number(to) - Number(from) + 1,
    first: nameOf(Number(from)),
    last: nameOf(Number(to)),
  }
}

/** The names of count instances that differ by their number, such as load-{01..12}. */
export function numbered(name: string, count: number): string {
  return `${name}-{${'1'.padStart(String(count).length, '0')}..${count}}`
}
