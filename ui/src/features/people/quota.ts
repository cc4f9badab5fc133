import type { Schema } from '@/lib/api'

/** What is used of what may be used, in words: "3", or "3 of 10". */
export function usedOf({ used, limit }: Schema<'Used'>): string {
  return limit === undefined ? String(used) : `${used} of ${limit}`
}

/** A limit as typed; undefined for none of its own, null for what is no number. */
export function limitOf(text: string): number | undefined | null {
  const typed = text.trim()
  if (typed === '') return undefined
  return /^\d{1,9}$/.test(typed) ? Number(typed) : null
}
