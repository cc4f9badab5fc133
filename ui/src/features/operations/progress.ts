import type { Tone } from '@/components/badge'
import type { Schema } from '@/lib/api'
import { humanDuration } from '@/lib/time'

type Operation = Schema<'Operation'>
type Step = Schema<'Step'>

/** Whether operation has not ended. */
export function isActive(operation: Operation): boolean {
  return operation.state === 'pending' || operation.state === 'running'
}

/** Whether operation can still be cancelled: it takes several steps, and nobody asked yet. */
export function canCancel(operation: Operation): boolean {
  return (
    isActive(operation) &&
    !operation.cancel_asked &&
    ['create', 'fork', 'trash', 'delete', 'resize', 'update', 'upgrade', 'rotate'].includes(operation.kind)
  )
}

const labels: Record<Operation['kind'], string> = {
  create: 'Create',
  fork: 'Fork',
  trash: 'Move to trash',
  undelete: 'Undelete',
  delete: 'Delete',
  stop: 'Stop',
  start: 'Start',
  restart: 'Restart',
  resize: 'Resize',
  update: 'Update',
  upgrade: 'Upgrade',
  rotate: 'Rotate password',
}

/** What an operation does, in a word. */
export function kindLabel(kind: Operation['kind']): string {
  return labels[kind]
}

/** Every kind of operation. */
export const kinds = Object.keys(labels) as Operation['kind'][]

/** Every state of an operation. */
export const states: Operation['state'][] = ['pending', 'running', 'succeeded', 'failed', 'cancelled']

/** The colour and the word for how far an operation has got. */
export function outcome(operation: Operation): { tone: Tone; label: string } {
  switch (operation.state) {
    case 'succeeded':
      return { tone: 'good', label: 'Succeeded' }
    case 'failed':
      return { tone: 'bad', label: 'Failed' }
    case 'cancelled':
      return { tone: 'neutral', label: 'Cancelled' }
    case 'pending':
    case 'running':
      if (operation.cancel_asked) return { tone: 'warn', label: 'Cancelling' }
      return { tone: 'busy', label: operation.state === 'pending' ? 'Waiting to start' : 'In progress' }
  }
}

/** A step as a sentence begins: "Wait for ready". */
export function stepLabel(step: Step): string {
  return step.name.slice(0, 1).toUpperCase() + step.name.slice(1)
}

/** Whether step failed and will be tried again. */
export function willRetry(step: Step): boolean {
  return step.next_retry_at !== undefined && (step.state === 'failed' || step.state === 'running')
}

/** How long a step or operation took, or has taken so far; undefined before it began. */
export function took(timed: { started_at?: string; ended_at?: string }, now: number): string | undefined {
  if (timed.started_at === undefined) return undefined
  const end = timed.ended_at === undefined ? now : Date.parse(timed.ended_at)
  return humanDuration(Math.max(0, end - Date.parse(timed.started_at)))
}

/** Where a step lies within the time that all steps have taken so far, in percent. */
export function spanOf(step: Step, steps: Step[], now: number): { from: number; length: number } {
  const starts = steps.flatMap((other) => (other.started_at ? [Date.parse(other.started_at)] : []))
  const end = (other: Step) => (other.ended_at ? Date.parse(other.ended_at) : Math.max(now, ...starts))
  const begin = Math.min(...starts)
  const whole = Math.max(...steps.filter((other) => other.started_at).map(end)) - begin
  if (step.started_at === undefined || whole <= 0) return { from: 0, length: 100 }
  const from = Date.parse(step.started_at)
  const percent = (ms: number) => Math.round((1000 * ms) / whole) / 10
  return { from: percent(from - begin), length: percent(Math.max(0, end(step) - from)) }
}

/** When a step is tried again, in words that a countdown can use. */
export function retryText(step: Step, now: number): string {
  const seconds = Math.ceil((Date.parse(step.next_retry_at ?? '') - now) / 1000)
  return seconds > 0 ? `next try in ${humanDuration(seconds * 1000).replace('.0', '')}` : 'trying again now'
}

/** Where operation stands, as one sentence for those who can't see the list. */
export function announcement(operation: Operation): string {
  const name = kindLabel(operation.kind)
  if (!isActive(operation)) return `${name} ${outcome(operation).label.toLowerCase()}.`
  const at = operation.steps.findIndex((s) => s.state === 'running' || willRetry(s))
  const step = operation.steps[at]
  if (!step) return `${name} ${outcome(operation).label.toLowerCase()}.`
  const trouble = step.error ? ` Attempt ${step.attempt} failed: ${step.error}` : ''
  return `${name}: step ${at + 1} of ${operation.steps.length}, ${step.name}.${trouble}`
}
