import { expect, test } from 'vitest'

import { inParallel } from './in-parallel'

test('each item is worked on once, never more than the limit at a time', async () => {
  let now = 0
  let most = 0
  const done: number[] = []
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (n) => {
    most = Math.max(most, ++now)
    await Promise.resolve()
    now--
    done.push(n)
  })
  expect(most).toBe(3)
  expect(done.sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
})

test('a failure ends none of the others', async () => {
  const done: number[] = []
  await inParallel([1, 2, 3, 4], 2, (n) => {
    if (n === 1) return Promise.reject(new Error('no'))
    done.push(n)
    return Promise.resolve()
  })
  expect(done).toEqual([2, 3, 4])
})
