import type { Schema } from '@/lib/api'

import { MAX_BATCH, rangeOf } from './name-pattern'

// The rules for names of the domain (spec.go), with its words. A test compares
// the two, so that they stay the same.
const MAX_NAME_LENGTH = 40
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/

export const reservedNames = [
  'admin',
  'api',
  'bulk',
  'catalog',
  'default',
  'kubernetes',
  'localhost',
  'new',
  'postgres',
  'root',
  'system',
  'temporal',
  'template0',
  'template1',
  'toygres',
  'ui',
  'worker',
]

/** Why name can't be the name of an instance; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (name.length > MAX_NAME_LENGTH) {
    return `must have at most ${MAX_NAME_LENGTH} characters, not ${name.length}`
  }
  if (!LABEL.test(name)) {
    return 'must be lower-case letters, digits and hyphens, and start and end with a letter or digit'
  }
  if (reservedNames.includes(name)) return `"${name}" is reserved; choose another name`
  return undefined
}

/** Why name can't be the name of an instance, nor that of many; undefined when it can. */
export function namesProblem(name: string): string | undefined {
  if (!/[{}]/.test(name)) return nameProblem(name)
  const range = rangeOf(name)
  if (!range) return 'must have one range of numbers in braces, like load-{001..100}'
  if (range.count < 1) return 'must count upwards, like load-{001..100}'
  if (range.count > MAX_BATCH) {
    return `stands for ${range.count} names, but at most ${MAX_BATCH} are allowed`
  }
  return nameProblem(range.first) ?? nameProblem(range.last)
}

/**
 * The whole number that text means, counted in steps (1000 for thousandths of
 * what the user writes). NaN when it means none.
 */
export function parseAmount(text: string, steps = 1): number {
  if (!/^\d+([.,]\d+)?$/.test(text.trim())) return Number.NaN
  const amount = Number(text.trim().replace(',', '.')) * steps
  return Number.isInteger(Math.round(amount * 1e6) / 1e6) ? Math.round(amount) : Number.NaN
}

/** Why amount is out of range; undefined when it is not. unit and steps are those of the input. */
export function rangeProblem(
  amount: number,
  range: Schema<'Range'>,
  unit: string,
  steps = 1,
): string | undefined {
  if (amount >= range.min && amount <= range.max) return undefined
  return `must be between ${range.min / steps} and ${range.max / steps} ${unit}`
}
