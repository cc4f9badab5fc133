import { expect, test } from 'vitest'

import type { Schema } from '@/lib/api'

import { sizesOf } from './sizes'

const offer: Schema<'Offer'> = {
  provider: 'local',
  versions: [18],
  default_version: 18,
  image_types: ['stock'],
  public: false,
  keep_deleted_seconds: 86_400,
  cpu_millis: { min: 100, max: 128_000, default: 1000 },
  memory_mib: { min: 128, max: 1_048_576, default: 1024 },
  storage_gib: { min: 1, max: 16_384, default: 10 },
}

test('the sizes lie around the default of the offer', () => {
  expect(sizesOf(offer).map((size) => `${size.title}: ${size.detail}`)).toEqual([
    'Small: 0.5 CPU · 512 MiB',
    'Medium: 1 CPU · 1 GiB',
    'Large: 2 CPU · 2 GiB',
  ])
})

test('a size out of bounds is not offered', () => {
  const tight = { ...offer, memory_mib: { min: 1024, max: 1024, default: 1024 } }
  expect(sizesOf(tight).map((size) => size.key)).toEqual(['medium'])
})
