import { expect, test } from 'vitest'

import { changeText } from './change-text'

test('a change is told in the words of the page, and a missing side by what it means', () => {
  const takes = 'restart' as const
  expect(changeText({ field: 'cpu_millis', from: '500', to: '2000', takes })).toBe('CPU: 0.5 CPU → 2 CPU')
  expect(changeText({ field: 'memory_mib', from: '512', to: '2048', takes })).toBe('Memory: 512 MiB → 2 GiB')
  expect(changeText({ field: 'parameters.work_mem', to: '64MB', takes })).toBe('work_mem: not set → 64MB')
  expect(changeText({ field: 'allowed_cidrs', from: '10.0.0.0/8', takes })).toBe(
    'Allowed networks: 10.0.0.0/8 → all',
  )
})
