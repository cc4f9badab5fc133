import { expect, test } from 'vitest'

import { humanCPU, humanMemory, humanStorage } from './size'

test('sizes are written as people say them', () => {
  expect(humanCPU(1000)).toBe('1 CPU')
  expect(humanCPU(250)).toBe('0.25 CPU')
  expect(humanMemory(512)).toBe('512 MiB')
  expect(humanMemory(1024)).toBe('1 GiB')
  expect(humanMemory(1536)).toBe('1.5 GiB')
  expect(humanStorage(10)).toBe('10 GiB')
  expect(humanStorage(16384)).toBe('16 TiB')
})
