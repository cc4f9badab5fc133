import type { Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'

type State = Schema<'InstanceState'>

const groups = {
  running: ['running'],
  stopped: ['stopped'],
  changing: ['creating', 'starting', 'stopping', 'restarting', 'updating', 'deleting'],
  failed: ['failed'],
  trash: ['trashed'],
} as const satisfies Record<string, readonly State[]>

/** The states as people look for them. */
export type StateFilter = keyof typeof groups

export const stateFilters: { value: StateFilter | undefined; label: string }[] = [
  { value: undefined, label: 'All' },
  { value: 'running', label: 'Running' },
  { value: 'stopped', label: 'Stopped' },
  { value: 'changing', label: 'Changing' },
  { value: 'failed', label: 'Failed' },
  { value: 'trash', label: 'Trash' },
]

/** The filter that text from a URL means, if any. */
export function parseStateFilter(text: unknown): StateFilter | undefined {
  return typeof text === 'string' && Object.hasOwn(groups, text) ? (text as StateFilter) : undefined
}

/** The states that filter stands for. */
export function statesOf(filter: StateFilter): readonly State[] {
  return groups[filter]
}

/** Whether state passes by itself. */
export function isChanging(state: State): boolean {
  return (groups.changing as readonly State[]).includes(state)
}

/** What one call does to an instance. */
export type Action = 'stop' | 'start' | 'restart' | 'undelete'

const from: Record<Action, State> = {
  stop: 'running',
  start: 'stopped',
  restart: 'running',
  undelete: 'trashed',
}

/** Whether an instance in this state may be asked for action. */
export function canAct(action: Action, state: State): boolean {
  return from[action] === state
}

/** Whether an instance in this state may be asked to be deleted. */
export function canDelete(state: State): boolean {
  return state === 'running' || state === 'stopped' || state === 'failed' || state === 'trashed'
}

/** Whether an instance in this state may be asked to be resized. */
export function canResize(state: State): boolean {
  return state === 'running' || state === 'stopped'
}

/** The colour and the words for how an instance is: its state, or its trouble while it runs. */
export function describe(instance: Pick<Schema<'Instance'>, 'state' | 'health'>): {
  tone: Tone
  label: string
} {
  const { state, health } = instance
  if (state === 'running' && health === 'unhealthy') return { tone: 'warn', label: 'Unhealthy' }
  if (state === 'trashed') return { tone: 'neutral', label: 'In trash' }
  const label = state.slice(0, 1).toUpperCase() + state.slice(1)
  if (state === 'running') return { tone: 'good', label }
  if (state === 'failed') return { tone: 'bad', label }
  return { tone: isChanging(state) ? 'busy' : 'neutral', label }
}
