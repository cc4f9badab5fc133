import type { Schema } from '@/lib/api'

import { parseAmount, rangeProblem } from './rules'

export const MILLIS = 1000

/** The size of an instance while it is being changed. Numbers are as typed. */
export interface SizeDraft {
  /** In cores. */
  cpu: string
  /** In MiB. */
  memory: string
  /** In GiB. */
  storage: string
}

type Sizes = Pick<Schema<'Instance'>, 'cpu_millis' | 'memory_mib' | 'storage_gib'>

/** A draft with what the instance has. */
export function sizeDraft(has: Sizes): SizeDraft {
  return {
    cpu: String(has.cpu_millis / MILLIS),
    memory: String(has.memory_mib),
    storage: String(has.storage_gib),
  }
}

/** The rules that a size breaks, by the names of the request's fields. */
export function checkSize(
  size: { [field in keyof Sizes]?: number | undefined },
  offer: Schema<'Offer'>,
): Record<string, string> {
  const checks = {
    cpu_millis: rangeProblem(size.cpu_millis ?? Number.NaN, offer.cpu_millis, 'CPU', MILLIS),
    memory_mib: rangeProblem(size.memory_mib ?? Number.NaN, offer.memory_mib, 'MiB'),
    storage_gib: rangeProblem(size.storage_gib ?? Number.NaN, offer.storage_gib, 'GiB'),
  }
  const broken: Record<string, string> = {}
  for (const [field, problem] of Object.entries(checks)) if (problem) broken[field] = problem
  return broken
}

/** The rules that a change of the size breaks: those of a new instance, and that storage only grows. */
export function checkResize(draft: SizeDraft, has: Sizes, offer: Schema<'Offer'>): Record<string, string> {
  const size = sizeOf(draft)
  const broken = checkSize(size, offer)
  if (!broken.storage_gib && size.storage_gib < has.storage_gib) {
    broken.storage_gib = `can only grow: the instance has ${has.storage_gib} GiB`
  }
  return broken
}

/** What to ask the server for: what the draft changes, and nothing else. */
export function resizeRequest(draft: SizeDraft, has: Sizes): Schema<'UpdateInstanceRequest'> {
  const size = sizeOf(draft)
  const request: Schema<'UpdateInstanceRequest'> = {}
  for (const field of ['cpu_millis', 'memory_mib', 'storage_gib'] as const) {
    if (size[field] !== has[field]) request[field] = size[field]
  }
  return request
}

function sizeOf(draft: SizeDraft): Sizes {
  return {
    cpu_millis: parseAmount(draft.cpu, MILLIS),
    memory_mib: parseAmount(draft.memory),
    storage_gib: parseAmount(draft.storage),
  }
}
