import { expect, test } from 'vitest'

import { describe as describeInstance, parseStateFilter, statesOf } from './state'

test('only known filters are taken from a URL', () => {
  expect(parseStateFilter('changing')).toBe('changing')
  expect(parseStateFilter('toString')).toBeUndefined()
  expect(parseStateFilter(7)).toBeUndefined()
})

test('every state that passes by itself is in the filter "changing"', () => {
  expect(statesOf('changing')).toEqual([
    'creating',
    'starting',
    'stopping',
    'restarting',
    'updating',
    'deleting',
  ])
})

test('the trash is a filter of its own', () => {
  expect(parseStateFilter('trash')).toBe('trash')
  expect(describeInstance({ state: 'trashed', health: 'unknown' }).label).toBe('In trash')
})

test('an unhealthy instance does not look well', () => {
  expect(describeInstance({ state: 'running', health: 'healthy' })).toEqual({
    tone: 'good',
    label: 'Running',
  })
  expect(describeInstance({ state: 'running', health: 'unhealthy' })).toEqual({
    tone: 'warn',
    label: 'Unhealthy',
  })
  expect(describeInstance({ state: 'stopped', health: 'unhealthy' })).toEqual({
    tone: 'neutral',
    label: 'Stopped',
  })
})
