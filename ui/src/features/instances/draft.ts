import type { Schema } from '@/lib/api'
import { readAssignments } from '@/lib/assignments'
import { fieldMessages } from '@/lib/problem'

import { MAX_BATCH, numbered } from './name-pattern'
import { namesProblem, parseAmount } from './rules'
import { checkSize, MILLIS } from './resize'
import { sizesOf } from './sizes'

type Offer = Schema<'Offer'>

/** A new instance while it is being described. Numbers are as typed. */
export interface Draft {
  /** A name, or one with a range of numbers in it that stands for many. */
  name: string
  /** How many to make; with more than one, the name is numbered. */
  count: string
  version: number
  /** The key of a size, or "custom", which cpu (in cores) and memory (in MiB) then say. */
  size: string
  cpu: string
  memory: string
  /** In GiB. */
  storage: string
  imageType: Schema<'ImageType'>
  /** The name of a runtime image, which is always stock; empty for none. */
  runtimeImage: string
  reach: 'internal' | 'public'
  /** Networks, separated by commas or spaces. */
  allowed: string
  description: string
  /** One "name = value" a line. */
  tags: string
  /** PostgreSQL's, one "name = value" a line. */
  parameters: string
  protect: boolean
}

/** A draft with the offer's defaults. */
export function newDraft(offer: Offer): Draft {
  const sizes = sizesOf(offer)
  const size = sizes.find((s) => s.cpuMillis === offer.cpu_millis.default) ?? sizes[0]
  return {
    name: '',
    count: '1',
    version: offer.versions.includes(offer.default_version)
      ? offer.default_version
      : (offer.versions[0] ?? 0),
    size: size?.key ?? 'custom',
    cpu: String(offer.cpu_millis.default / MILLIS),
    memory: String(offer.memory_mib.default),
    storage: String(offer.storage_gib.default),
    imageType: offer.image_types[0] ?? 'stock',
    runtimeImage: '',
    reach: 'internal',
    allowed: '',
    description: '',
    tags: '',
    parameters: '',
    protect: false,
  }
}

/** What a draft is called: its name, numbered where there are many. */
export function patternOf({ name, count }: Pick<Draft, 'name' | 'count'>): string {
  const many = parseAmount(count)
  return /[{}]/.test(name) || !(many > 1) || many > MAX_BATCH ? name : numbered(name, many)
}

/** The rules that draft breaks, by the names of the request's fields. */
export function checkDraft(draft: Draft, offer: Offer): Record<string, string> {
  const request = requestOf(draft, offer)
  const name = namesProblem(patternOf(draft))
  const many = parseAmount(draft.count)
  const count = many >= 1 && many <= MAX_BATCH ? undefined : `must be between 1 and ${MAX_BATCH}`
  const tags = readAssignments(draft.tags).problem
  const parameters = readAssignments(draft.parameters).problem
  return {
    ...(name && { name }),
    ...(count && { count }),
    ...checkSize(request, offer),
    ...(tags && { tags }),
    ...(parameters && { parameters }),
  }
}

/** What to ask the server for. */
export function requestOf(draft: Draft, offer: Offer): Schema<'CreateInstanceRequest'> {
  const size = sizesOf(offer).find((s) => s.key === draft.size)
  const tags = readAssignments(draft.tags).values
  const parameters = readAssignments(draft.parameters).values
  return {
    name: patternOf(draft),
    version: draft.version,
    cpu_millis: size?.cpuMillis ?? parseAmount(draft.cpu, MILLIS),
    memory_mib: size?.memoryMiB ?? parseAmount(draft.memory),
    storage_gib: parseAmount(draft.storage),
    image_type: draft.runtimeImage ? 'stock' : draft.imageType,
    ...(draft.runtimeImage && { runtime_image: draft.runtimeImage }),
    public: draft.reach === 'public',
    allowed_cidrs: draft.allowed.split(/[\s,]+/).filter((network) => network !== ''),
    ...(draft.description && { description: draft.description }),
    ...(Object.keys(tags).length > 0 && { tags }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
    ...(draft.protect && { deletion_protection: true }),
  }
}

/** What an answer says of the fields of a request. Of many, all are asked for by the first and only entry. */
export function messagesOf(error: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldMessages(error)).map(([field, message]) => [
      field.replace(/^instances\.0\./, ''),
      message,
    ]),
  )
}
