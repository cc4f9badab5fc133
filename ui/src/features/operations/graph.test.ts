import { expect, test } from 'vitest'

import type { Schema } from '@/lib/api'

import { describeGraph, graphOf } from './graph'

type Step = Schema<'Step'>

function operation(steps: Step[], over: Partial<Schema<'Operation'>> = {}): Schema<'Operation'> {
  return {
    id: '1',
    kind: 'create',
    instance_id: '2',
    instance_name: 'mydb',
    state: 'running',
    cancel_asked: false,
    undo_step: 'undo',
    created_at: '2026-03-10T11:59:00Z',
    started_at: '2026-03-10T11:59:00Z',
    steps,
    ...over,
  }
}

const step = (name: string, state: Step['state'], over: Partial<Step> = {}): Step => ({
  name,
  state,
  attempt: state === 'pending' || state === 'skipped' ? 0 : 1,
  ...over,
})

const taken = (op: Schema<'Operation'>) =>
  graphOf(op)
    .edges.filter((edge) => edge.taken)
    .map((edge) => `${edge.from} > ${edge.to}`)

const current = (op: Schema<'Operation'>) =>
  graphOf(op)
    .nodes.filter((node) => node.current)
    .map((node) => node.id)

test('the workflow is at the step that runs, and has come there over those before', () => {
  const op = operation([
    step('provision', 'succeeded'),
    step('wait for ready', 'running'),
    step('mark running', 'pending'),
  ])
  expect(current(op)).toEqual(['wait for ready'])
  expect(taken(op)).toEqual(['begin > provision', 'provision > wait for ready'])
})

test('from every step but the one that records there is a way back', () => {
  const op = operation([
    step('provision', 'running'),
    step('wait for ready', 'pending'),
    step('mark running', 'pending'),
  ])
  const detours = graphOf(op).edges.filter((edge) => edge.detour)
  expect(detours.map((edge) => `${edge.from} > ${edge.to}`)).toEqual([
    'undo > lost',
    'provision > undo',
    'wait for ready > undo',
  ])
  expect(graphOf(op).nodes.find((node) => node.id === 'undo')).toMatchObject({
    state: 'pending',
    aside: true,
  })
})

test('a cancelled operation went back from the step that it had got to', () => {
  const op = operation(
    [
      step('provision', 'succeeded'),
      step('wait for ready', 'failed'),
      step('mark running', 'skipped'),
      step('undo', 'succeeded'),
    ],
    { state: 'cancelled', cancel_asked: true, ended_at: '2026-03-10T11:59:09Z' },
  )
  expect(taken(op)).toEqual([
    'begin > provision',
    'provision > wait for ready',
    'undo > lost',
    'wait for ready > undo',
  ])
  expect(current(op)).toEqual([])
  expect(graphOf(op).nodes.at(-1)).toMatchObject({ label: 'Cancelled', state: 'cancelled' })
})

test('while it is undone, the workflow is there', () => {
  const op = operation(
    [step('provision', 'failed'), step('mark running', 'pending'), step('undo', 'running')],
    {
      cancel_asked: true,
    },
  )
  expect(current(op)).toEqual(['undo'])
  expect(taken(op)).toEqual(['begin > provision', 'provision > undo'])
})

test('an operation of one step that nothing undoes ends well or not', () => {
  const op = operation([step('stop', 'running')], { kind: 'stop' })
  delete op.undo_step
  expect(graphOf(op).edges.map((edge) => `${edge.from} > ${edge.to}`)).toEqual([
    'begin > stop',
    'stop > succeeded',
    'stop > lost',
  ])
})

test('the graph is told in words', () => {
  const retry = { attempt: 2, next_retry_at: '2026-03-10T12:00:04Z' }
  const op = operation([step('provision', 'failed', retry), step('mark running', 'pending')])
  expect(describeGraph(op)).toBe(
    'Steps: Provision (now, failed, will be tried again), then Mark running (not yet). If a step fails or it is cancelled: Undo (not yet).',
  )
})
