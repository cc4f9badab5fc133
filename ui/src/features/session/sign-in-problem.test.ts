import { expect, test } from 'vitest'

import { signInProblem } from './sign-in-problem'

test('only our own reasons are shown, never what the address says', () => {
  expect(signInProblem('domain')).toContain('not allowed')
  for (const made of [undefined, '', 'Call 555-1234', 'constructor', '__proto__']) {
    expect(signInProblem(made)).toBeUndefined()
  }
})
