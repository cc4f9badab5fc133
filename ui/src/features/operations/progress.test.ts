import { expect, test } from 'vitest'

import type { Schema } from '@/lib/api'

import { announcement, canCancel, outcome, retryText, spanOf, stepLabel, took } from './progress'

const now = Date.parse('2026-03-10T12:00:00Z')

function operation(over: Partial<Schema<'Operation'>> = {}): Schema<'Operation'> {
  return {
    id: '1',
    kind: 'create',
    instance_id: '2',
    instance_name: 'mydb',
    state: 'running',
    cancel_asked: false,
    created_at: '2026-03-10T11:59:00Z',
    steps: [
      { name: 'provision', state: 'succeeded', attempt: 1 },
      { name: 'wait for ready', state: 'running', attempt: 1 },
    ],
    ...over,
  }
}

test('the running step is announced with its place', () => {
  expect(announcement(operation())).toBe('Create: step 2 of 2, wait for ready.')
})

test('the error of an attempt that will be repeated is announced', () => {
  const step = {
    name: 'provision',
    state: 'failed' as const,
    attempt: 2,
    error: 'No space left.',
    next_retry_at: '2026-03-10T12:00:04Z',
  }
  expect(announcement(operation({ steps: [step] }))).toBe(
    'Create: step 1 of 1, provision. Attempt 2 failed: No space left.',
  )
  expect(retryText(step, now)).toBe('next try in 4 s')
  expect(retryText(step, now + 5000)).toBe('trying again now')
})

test('the end is announced', () => {
  expect(announcement(operation({ state: 'succeeded' }))).toBe('Create succeeded.')
})

test('only an operation of several steps that goes on and was not cancelled can be', () => {
  expect(canCancel(operation())).toBe(true)
  expect(canCancel(operation({ cancel_asked: true }))).toBe(false)
  expect(canCancel(operation({ state: 'succeeded' }))).toBe(false)
  expect(canCancel(operation({ kind: 'stop' }))).toBe(false)
})

test('a cancelled operation that is being undone says so', () => {
  expect(outcome(operation({ cancel_asked: true })).label).toBe('Cancelling')
  expect(outcome(operation({ cancel_asked: true, state: 'cancelled' })).label).toBe('Cancelled')
})

test('a step has taken time from its start to its end, or until now', () => {
  expect(took({}, now)).toBeUndefined()
  expect(took({ started_at: '2026-03-10T11:59:57.500Z' }, now)).toBe('2.5 s')
  expect(took({ started_at: '2026-03-10T11:59:00Z', ended_at: '2026-03-10T11:59:00.250Z' }, now)).toBe(
    '250 ms',
  )
  expect(took({ started_at: '2026-03-10T12:00:01Z' }, now)).toBe('0 ms')
})

test('steps begin with a capital', () => {
  expect(stepLabel({ name: 'test connection', state: 'pending', attempt: 0 })).toBe('Test connection')
})

test('the time of a step is told as a part of that of all, which goes on while a step does', () => {
  const first = {
    name: 'provision',
    state: 'succeeded' as const,
    attempt: 1,
    started_at: '2026-03-10T11:59:50Z',
    ended_at: '2026-03-10T11:59:58Z',
  }
  const second = {
    name: 'wait for ready',
    state: 'running' as const,
    attempt: 1,
    started_at: '2026-03-10T11:59:58Z',
  }
  const third = { name: 'test connection', state: 'pending' as const, attempt: 0 }
  const steps = [first, second, third]
  expect(spanOf(first, steps, now)).toEqual({ from: 0, length: 80 })
  expect(spanOf(second, steps, now)).toEqual({ from: 80, length: 20 })
  expect(spanOf(second, steps, now + 30_000)).toEqual({ from: 20, length: 80 })
})
