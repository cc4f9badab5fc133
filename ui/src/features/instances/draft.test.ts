import { expect, test } from 'vitest'

import type { Schema } from '@/lib/api'

import { checkDraft, newDraft, requestOf } from './draft'

const offer: Schema<'Offer'> = {
  provider: 'local',
  versions: [17, 16],
  default_version: 18,
  image_types: ['stock'],
  public: true,
  keep_deleted_seconds: 86_400,
  cpu_millis: { min: 100, max: 4000, default: 1000 },
  memory_mib: { min: 128, max: 8192, default: 1024 },
  storage_gib: { min: 1, max: 100, default: 10 },
}

test('the defaults of the offer need only a name', () => {
  const draft = newDraft(offer)
  expect(checkDraft(draft, offer)).toEqual({ name: 'must not be empty' })
  expect(requestOf({ ...draft, name: 'mydb' }, offer)).toEqual({
    name: 'mydb',
    version: 17,
    cpu_millis: 1000,
    memory_mib: 1024,
    storage_gib: 10,
    image_type: 'stock',
    public: false,
    allowed_cidrs: [],
  })
})

test('a custom size is what was typed', () => {
  const draft = { ...newDraft(offer), name: 'mydb', size: 'custom', cpu: '0.25', memory: '256' }
  expect(checkDraft(draft, offer)).toEqual({})
  expect(requestOf(draft, offer)).toMatchObject({ cpu_millis: 250, memory_mib: 256 })
})

test('networks may be separated as people do', () => {
  const draft = {
    ...newDraft(offer),
    reach: 'public' as const,
    allowed: ' 203.0.113.0/24,198.51.100.7/32\n2001:db8::/32 ',
  }
  expect(requestOf(draft, offer)).toMatchObject({
    public: true,
    allowed_cidrs: ['203.0.113.0/24', '198.51.100.7/32', '2001:db8::/32'],
  })
})

test('more than one are told apart by a number, unless the name has a range already', () => {
  const draft = { ...newDraft(offer), name: 'load', count: '12' }
  expect(requestOf(draft, offer).name).toBe('load-{01..12}')
  expect(requestOf({ ...draft, name: 'load-{5..7}' }, offer).name).toBe('load-{5..7}')
  expect(requestOf({ ...draft, count: '1' }, offer).name).toBe('load')
  for (const count of ['', '0', '501', 'many']) {
    expect(checkDraft({ ...draft, count }, offer)).toEqual({ count: 'must be between 1 and 500' })
  }
})

test('what is said of it is sent only where something is said', () => {
  const draft = {
    ...newDraft(offer),
    name: 'mydb',
    description: 'Orders',
    tags: 'team = shop',
    parameters: 'work_mem = 8MB',
    protect: true,
  }
  expect(requestOf(draft, offer)).toMatchObject({
    description: 'Orders',
    tags: { team: 'shop' },
    parameters: { work_mem: '8MB' },
    deletion_protection: true,
  })
  expect(checkDraft({ ...draft, tags: 'team' }, offer)).toHaveProperty('tags')
})

test('a runtime image is always asked for as stock', () => {
  const draft = { ...newDraft(offer), imageType: 'pg_durable' as const, runtimeImage: 'postgis' }
  expect(requestOf(draft, offer)).toMatchObject({ image_type: 'stock', runtime_image: 'postgis' })
})

test('every field that breaks a rule is named as in the request', () => {
  const draft = { ...newDraft(offer), name: 'New', size: 'custom', cpu: '64', memory: '1', storage: 'much' }
  expect(Object.keys(checkDraft(draft, offer))).toEqual(['name', 'cpu_millis', 'memory_mib', 'storage_gib'])
})
