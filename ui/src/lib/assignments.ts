/** Names with their values, one "name = value" per line. */
export function writeAssignments(values: Record<string, string>): string {
  return Object.keys(values)
    .sort()
    .map((name) => `${name} = ${values[name]}`)
    .join('\n')
}

/** What was written, and the first line that is no assignment. Empty lines and those that begin with # say nothing. */
export function readAssignments(text: string): { values: Record<string, string>; problem?: string } {
  const values: Record<string, string> = {}
  for (const line of text.split('\n').map((line) => line.trim())) {
    if (line === '' || line.startsWith('#')) continue
    const at = line.indexOf('=')
    const name = line.slice(0, Math.max(at, 0)).trim()
    if (name === '') return { values, problem: `“${line}” is not written as name = value` }
    if (name in values) return { values, problem: `${name} is there twice` }
    values[name] = line.slice(at + 1).trim()
  }
  return { values }
}

/** What has to be set, and with null removed, to get from one to the other. */
export function differences(
  from: Record<string, string>,
  to: Record<string, string>,
): Record<string, string | null> {
  const changes: Record<string, string | null> = {}
  for (const name of Object.keys(from)) if (!(name in to)) changes[name] = null
  for (const [name, value] of Object.entries(to)) if (from[name] !== value) changes[name] = value
  return changes
}
