import { expect, test } from 'vitest'

import { answer } from './api'
import { ApiError, fieldMessages, messageOf, problemOf } from './problem'

test("the server's own words are what the user reads", async () => {
  const problem = {
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    code: 'conflict' as const,
    detail: 'The name is taken.',
  }
  const refused = answer(Promise.resolve({ error: problem, response: new Response(null, { status: 409 }) }))
  await expect(refused).rejects.toThrow('The name is taken.')
})

test('no answer at all is said so', async () => {
  const error: unknown = await answer(Promise.reject(new TypeError('fetch failed'))).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(ApiError)
  expect(messageOf(error)).toContain('cannot be reached')
})

test("a proxy's page becomes a problem", () => {
  const problem = problemOf('<html>', { status: 502, statusText: 'Bad Gateway' })
  expect(problem).toMatchObject({ status: 502, code: 'unavailable', title: 'Bad Gateway' })
})

test('each field gets its first message', () => {
  const error = new ApiError({
    type: 'about:blank',
    title: 'Invalid',
    status: 422,
    code: 'invalid',
    errors: [
      { field: 'name', rule: 'required', message: 'must not be empty' },
      { field: 'name', rule: 'dns_1123_label', message: 'second' },
    ],
  })
  expect(fieldMessages(error)).toEqual({ name: 'must not be empty' })
  expect(fieldMessages(new Error('other'))).toEqual({})
})
