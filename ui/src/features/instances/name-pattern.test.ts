import { expect, test } from 'vitest'

import { rangeOf } from './name-pattern'
import { namesProblem } from './rules'

test('a range stands for its names as on the server', () => {
  expect(rangeOf('load-{001..100}')).toEqual({ count: 100, first: 'load-001', last: 'load-100' })
  expect(rangeOf('a{8..11}-b')).toEqual({ count: 4, first: 'a8-b', last: 'a11-b' })
  expect(rangeOf('a{8..011}')).toEqual({ count: 4, first: 'a008', last: 'a011' })
  expect(rangeOf('mydb')).toBeUndefined()
})

test.each([
  ['a{1..501}', 'stands for 501 names, but at most 500 are allowed'],
  ['a{3..1}', 'must count upwards, like load-{001..100}'],
  ['a{1,2}', 'must have one range of numbers in braces, like load-{001..100}'],
  ['{1..2}{3..4}', 'must have one range of numbers in braces, like load-{001..100}'],
])('%s says what is wrong', (name, problem) => {
  expect(namesProblem(name)).toBe(problem)
})

test('the names of a range keep to the rules of names', () => {
  expect(namesProblem('a{1..3}')).toBeUndefined()
  expect(namesProblem('mydb')).toBeUndefined()
  expect(namesProblem('-{1..3}')).toMatch(/lower-case letters/)
  expect(namesProblem(`${'a'.repeat(39)}{1..10}`)).toMatch(/at most 40 characters/)
})
