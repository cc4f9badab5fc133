import type { Schema } from '@/lib/api'

// It asks once a minute at least, also when there is nothing to do.
const SILENT_MS = 2 * 60_000

/** Whether a worker has not asked for work for so long that it may be gone. */
export function isSilent({ last_seen_at }: Schema<'Worker'>, now: number): boolean {
  return now - Date.parse(last_seen_at) > SILENT_MS
}

/** What waits in a task queue, in words. */
export function backlog({ backlog: waiting, workers }: Schema<'TaskQueue'>): string {
  const by = `${workers} worker${workers === 1 ? '' : 's'}`
  if (waiting === 0) return `Nothing waits for ${by}`
  return `${waiting} ${waiting === 1 ? 'waits' : 'wait'} for ${by}`
}
