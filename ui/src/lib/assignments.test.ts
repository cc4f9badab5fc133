import { expect, test } from 'vitest'

import { differences, readAssignments, writeAssignments } from './assignments'

test('what is written is read again', () => {
  const values = { work_mem: '64MB', search_path: '"$user", a=b', empty: '' }
  expect(readAssignments(writeAssignments(values))).toEqual({ values })
})

test('empty lines and comments say nothing', () => {
  expect(readAssignments('\n # old = 1\n  jit=off \n')).toEqual({ values: { jit: 'off' } })
})

test('a line that is no assignment is a problem, and so is a name that comes twice', () => {
  expect(readAssignments('jit').problem).toContain('“jit”')
  expect(readAssignments('= 1').problem).toContain('“= 1”')
  expect(readAssignments('a = 1\na = 2').problem).toBe('a is there twice')
})

test('only differences are asked for', () => {
  expect(differences({ a: '1', b: '2', c: '3' }, { a: '1', b: '4', d: '' })).toEqual({
    b: '4',
    c: null,
    d: '',
  })
  expect(differences({ a: '1' }, { a: '1' })).toEqual({})
})
