import { expect, test } from 'vitest'

import type { Schema } from '@/lib/api'

import { checkResize, resizeRequest, sizeDraft } from './resize'

const offer: Schema<'Offer'> = {
  provider: 'local',
  versions: [18],
  default_version: 18,
  image_types: ['stock'],
  public: false,
  keep_deleted_seconds: 86_400,
  cpu_millis: { min: 100, max: 4000, default: 1000 },
  memory_mib: { min: 128, max: 8192, default: 1024 },
  storage_gib: { min: 1, max: 100, default: 10 },
}
const has = { cpu_millis: 1500, memory_mib: 1024, storage_gib: 10 }

test('what the instance has breaks no rule and asks for nothing', () => {
  const draft = sizeDraft(has)
  expect(draft).toEqual({ cpu: '1.5', memory: '1024', storage: '10' })
  expect(checkResize(draft, has, offer)).toEqual({})
  expect(resizeRequest(draft, has)).toEqual({})
})

test('only what was changed is asked for', () => {
  const draft = { ...sizeDraft(has), cpu: '0.25', storage: '20' }
  expect(checkResize(draft, has, offer)).toEqual({})
  expect(resizeRequest(draft, has)).toEqual({ cpu_millis: 250, storage_gib: 20 })
})

test('storage only grows, and the bounds of a new instance hold', () => {
  const broken = checkResize({ cpu: '64', memory: 'much', storage: '9' }, has, offer)
  expect(Object.keys(broken)).toEqual(['cpu_millis', 'memory_mib', 'storage_gib'])
  expect(broken.storage_gib).toBe('can only grow: the instance has 10 GiB')
  expect(checkResize({ ...sizeDraft(has), storage: '0' }, has, offer).storage_gib).toBe(
    'must be between 1 and 100 GiB',
  )
})
