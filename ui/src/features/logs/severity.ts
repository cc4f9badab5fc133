/** How much a line of a log matters, from the least to the most. */
export const severities = ['debug', 'log', 'warning', 'error', 'fatal'] as const
export type Severity = (typeof severities)[number]

const tags: Record<string, Severity> = {
  DEBUG: 'debug',
  INFO: 'log',
  NOTICE: 'log',
  LOG: 'log',
  WARNING: 'warning',
  ERROR: 'error',
  FATAL: 'fatal',
  PANIC: 'fatal',
}

// Behind a prefix that each provider chooses. What belongs to a message (DETAIL, STATEMENT, …) goes with it, wherever it names one.
const tag =
  /(?:^|\s)(?:(DEBUG|INFO|NOTICE|LOG|WARNING|ERROR|FATAL|PANIC)\d?|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE):\s/

/** What line says of itself; undefined when it goes on with the message before. */
export function severityOf(line: string): Severity | undefined {
  if (line.startsWith('\t')) return undefined // as PostgreSQL goes on
  return tags[tag.exec(line)?.[1] ?? '']
}

/** Whether severity is at least as bad as least. */
export function atLeast(severity: Severity, least: Severity): boolean {
  return severities.indexOf(severity) >= severities.indexOf(least)
}
