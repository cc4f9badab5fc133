import { readFileSync } from 'node:fs'
import path from 'node:path'

import { expect, test } from 'vitest'

import { nameProblem, parseAmount, rangeProblem, reservedNames } from './rules'

const spec = readFileSync(path.join(import.meta.dirname, '../../../../spec.go'), 'utf8')

test('the reserved names are those of the domain', () => {
  const list = /reservedNames = \[\]string\{([^}]*)\}/.exec(spec)?.[1] ?? ''
  const names = [...list.matchAll(/"([^"]+)"/g)].map((m) => m[1])
  expect(names.length).toBeGreaterThan(0)
  expect(reservedNames).toEqual(names)
})

test('the pattern, the length and the words are those of the domain', () => {
  expect(spec).toContain('`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`')
  expect(spec).toMatch(/MaxNameLength\s*= 40\b/)
  for (const words of [nameProblem(''), nameProblem('A')]) expect(spec).toContain(`"${words ?? '?'}"`)
})

test.each(['a', '1', '1db', 'mydb', 'my-db-2', 'a'.repeat(40)])('%s is a name', (name) => {
  expect(nameProblem(name)).toBeUndefined()
})

test.each(['', 'A', '-db', 'db-', 'my_db', 'my db', 'ü', 'a'.repeat(41), 'new', '<b>x</b>'])(
  '%j is not a name',
  (name) => {
    expect(nameProblem(name)).toBeDefined()
  },
)

test('amounts are whole numbers of their step', () => {
  expect(parseAmount('10')).toBe(10)
  expect(parseAmount('0.25', 1000)).toBe(250)
  expect(parseAmount('1,5', 1000)).toBe(1500)
  expect(parseAmount('0.3', 1000)).toBe(300)
  for (const text of ['', '1.5', '-1', '1e3', 'ten', '0x10']) expect(parseAmount(text)).toBeNaN()
  expect(parseAmount('0.0001', 1000)).toBeNaN()
})

test('amounts out of range are told the range in the unit of the input', () => {
  const range = { min: 100, max: 4000, default: 1000 }
  expect(rangeProblem(1000, range, 'CPU', 1000)).toBeUndefined()
  expect(rangeProblem(50, range, 'CPU', 1000)).toBe('must be between 0.1 and 4 CPU')
  expect(rangeProblem(Number.NaN, range, 'CPU', 1000)).toBe('must be between 0.1 and 4 CPU')
})
