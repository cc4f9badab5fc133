import type { Schema } from '@/lib/api'
import { shellQuote } from '@/lib/shell'

/**
 * The command that opens a session, to be pasted into a shell. Without the
 * password psql asks for it.
 */
export function psqlCommand(connection: Schema<'Connection'>): string {
  return `psql ${shellQuote(connection.url)}`
}
