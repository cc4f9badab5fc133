import { readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { eventTypes, outdatedBy } from './live-events'

test('the types of events are those of the domain', () => {
  const domain = readFileSync(path.join(import.meta.dirname, '../../../event.go'), 'utf8')
  const types = [...domain.matchAll(/EventType = "([^"]+)"/g)].map((m) => m[1])
  expect(types.length).toBeGreaterThan(0)
  expect([...eventTypes].sort()).toEqual(types.sort())
})

test('a change of state refreshes the lists and all of the instance', () => {
  expect(outdatedBy({ type: 'instance.state', instance_name: 'mydb' })).toEqual([
    ['events', 'of', 'mydb'],
    ['operations'],
    ['instances', 'detail', 'mydb'],
    ['instances', 'list'],
    ['overview'],
  ])
})

test('a batch refreshes the batches', () => {
  expect(outdatedBy({ type: 'batch.progress', instance_name: '' })).toEqual([['batches']])
})

test('the end of a comparison refreshes what does not agree', () => {
  expect(outdatedBy({ type: 'drift.checked', instance_name: '' })).toEqual([['drift']])
})

test('a change of health refreshes the instance and the lists, but no operation', () => {
  expect(outdatedBy({ type: 'instance.health', instance_name: 'mydb' })).toEqual([
    ['events', 'of', 'mydb'],
    ['instances', 'detail', 'mydb'],
    ['instances', 'list'],
    ['overview'],
  ])
})

test('a step refreshes its operation but not the lists', () => {
  expect(outdatedBy({ type: 'step.started', instance_name: 'mydb' })).toEqual([
    ['events', 'of', 'mydb'],
    ['operations'],
  ])
})

test.each(['password.revealed', 'query.run'] as const)('%s refreshes the events alone', (type) => {
  expect(outdatedBy({ type, instance_name: 'mydb' })).toEqual([['events', 'of', 'mydb']])
})

test('what is done to a durable function refreshes those of its instance', () => {
  expect(outdatedBy({ type: 'durable_function.started', instance_name: 'mydb' })).toEqual([
    ['events', 'of', 'mydb'],
    ['durable', 'mydb'],
  ])
})
