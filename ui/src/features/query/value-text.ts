import type { Schema } from '@/lib/api'

/** A value of a result as text; undefined for null. */
export function valueText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const numeric = /^(smallint|integer|bigint|numeric|real|double precision|oid|money)\b/

/** Whether values of a column stand at the right, as numbers do. */
export function isNumeric({ type }: Schema<'QueryColumn'>): boolean {
  return numeric.test(type) && !type.endsWith('[]')
}

/** What a statement did, as one line. */
export function resultSummary(result: Schema<'QueryResult'>): string {
  const parts = []
  if (result.columns.length === 0) parts.push(result.command ?? 'Done')
  else parts.push(`${result.row_count} ${result.row_count === 1 ? 'row' : 'rows'}`)
  if (result.truncated)
    parts.push(result.truncated === 'rows' ? 'there are more' : 'there are more, too large to show')
  parts.push(`${result.duration_ms} ms`)
  return parts.join(' · ')
}
