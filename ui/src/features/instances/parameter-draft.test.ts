import { expect, test } from 'vitest'

import { boundsText, found, withWish } from './parameter-draft'

const list = [
  { name: 'work_mem', description: 'Memory of a sort.', category: 'Resource Usage', current: '4MB' },
  { name: 'jit', set: 'off', description: 'Compile just in time.' },
  { name: 'max_connections', description: 'How many.' },
]
const names = (...of: Parameters<typeof found>) => found(...of).map(({ name }) => name)

test('a wish for what is set already is none', () => {
  const draft = withWish({}, { name: 'jit', set: 'off' }, 'on')
  expect(draft).toEqual({ jit: 'on' })
  expect(withWish(draft, { name: 'jit', set: 'off' }, 'off')).toEqual({})
  expect(withWish(draft, { name: 'jit', set: 'off' }, null)).toEqual({ jit: null })
  expect(withWish({ work_mem: '1MB' }, { name: 'work_mem' }, null)).toEqual({})
})

test('parameters are found by name, description and category, by all words', () => {
  expect(names(list, {}, { text: '', only: false })).toHaveLength(3)
  expect(names(list, {}, { text: 'MEMORY resource', only: false })).toEqual(['work_mem'])
  expect(names(list, { max_connections: '7' }, { text: '', only: true })).toEqual(['jit', 'max_connections'])
})

test('bounds are told of numbers, with what bare ones count', () => {
  expect(boundsText({ name: 'a', type: 'integer', min: '64', max: '128', unit: 'kB' })).toBe(
    '64 to 128; bare numbers count kB',
  )
  expect(boundsText({ name: 'a', type: 'real', min: '0', max: '1' })).toBe('0 to 1')
  expect(boundsText({ name: 'a', type: 'string', min: '0', max: '1' })).toBeUndefined()
})
