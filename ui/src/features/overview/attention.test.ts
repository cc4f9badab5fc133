import { expect, test } from 'vitest'

import { attentionText } from './attention'

test.each([
  ['instances_failed', 1, '1 instance failed'],
  ['instances_unhealthy', 1, '1 instance does not answer'],
  ['instances_unhealthy', 3, '3 instances do not answer'],
  ['drift', 2, '2 findings of drift to decide about'],
  ['batches_failed', 2, '2 batches failed in the last 24 hours'],
] as const)('%s of %d is said in words', (kind, count, text) => {
  expect(attentionText({ kind, count })).toBe(text)
})
